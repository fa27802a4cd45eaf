import { BusError } from "@fanfare/bus";
import { maxTimerMs } from "@fanfare/bus/kit";

/** checkTimes refuses what no timer can wait for, with `invalid_argument`. */
export function checkTimes(times: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(times)) {
    if (value > 0 && value <= maxTimerMs) continue;
    throw refusal(name, `above 0 and at most ${maxTimerMs}`, value);
  }
}

/** checkCounts refuses what is no whole number above 0, with `invalid_argument`. */
export function checkCounts(counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts)) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw refusal(name, "a whole number above 0", value);
  }
}

/** checkGrace refuses what is no length of time; Infinity is one that never ends. */
export function checkGrace(name: string, value: number): void {
  if (!(value >= 0)) throw refusal(name, "0 or more, Infinity for never", value);
}

function refusal(name: string, wanted: string, value: number): BusError {
  return new BusError("invalid_argument", `${name} must be ${wanted}, not ${value}`);
}

import { BusError } from "@fanfare/bus";

/** longestMs is what a timer of Node waits at most, in milliseconds; it takes a longer time for none. */
export const longestMs = 2 ** 31 - 1;

/** checkTimes refuses what no timer can wait for, with `invalid_argument`. */
export function checkTimes(times: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(times)) {
    if (value > 0 && value <= longestMs) continue;
    throw refusal(name, `above 0 and at most ${longestMs}`, value);
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

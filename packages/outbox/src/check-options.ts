import { BusError } from "@fanfare/bus";
import { maxTimerMs } from "@fanfare/bus/kit";

/** Throws `invalid_argument` unless every delay is above 0 and at most the longest timer. */
export function checkDelays(delays: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(delays)) {
    if (value > 0 && value <= maxTimerMs) continue;
    throw createOptionError(name, `above 0 and at most ${maxTimerMs}`, value);
  }
}

/** Throws `invalid_argument` unless the grace period is 0 or more; Infinity never ends. */
export function checkGracePeriod(name: string, value: number): void {
  if (!(value >= 0)) throw createOptionError(name, "0 or more, or Infinity for never", value);
}

function createOptionError(name: string, expected: string, value: number): BusError {
  return new BusError("invalid_argument", `${name} must be ${expected}, not ${value}`);
}

import { BusError } from "../error.ts";

/**
 * Returns the value of an option. Throws `invalid_argument` unless it is a whole number of at least
 * `least`.
 *
 * @example
 * const concurrency = checkAtLeast(1, "concurrency", options.concurrency ?? 16);
 */
export function checkAtLeast(least: number, name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new BusError(
    "invalid_argument",
    `${name} must be a whole number of at least ${least}, not ${value}`,
  );
}

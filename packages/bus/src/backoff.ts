import type { Backoff } from "./bus.ts";
import { BusError } from "./error.ts";

/**
 * createBackoff returns how long to wait after attempt n (from 1), in milliseconds. `random` is a
 * number from 0 to 1.
 */
export function createBackoff(
  { initialIntervalMs = 200, maxIntervalMs = 5_000, jitter = 0.2 }: Backoff,
  random: () => number = Math.random,
): (attempt: number) => number {
  if (
    !(
      initialIntervalMs > 0 &&
      maxIntervalMs >= initialIntervalMs &&
      Number.isFinite(maxIntervalMs) &&
      jitter >= 0 &&
      jitter <= 1
    )
  ) {
    throw new BusError(
      "invalid_argument",
      `backoff needs 0 < initialIntervalMs <= maxIntervalMs and a jitter from 0 to 1, not ${JSON.stringify({ initialIntervalMs, maxIntervalMs, jitter })}`,
    );
  }
  return (attempt) => {
    const nominal = Math.min(maxIntervalMs, initialIntervalMs * 2 ** (attempt - 1));
    return Math.ceil(nominal * (1 - jitter * random()));
  };
}

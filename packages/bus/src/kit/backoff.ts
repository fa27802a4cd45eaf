import { BusError } from "../error.ts";

/**
 * An exponential backoff. Attempt n waits `initialIntervalMs` times 2^(n-1), at most `maxIntervalMs`,
 * less a random share of up to `jitter`.
 */
export interface Backoff {
  /** In milliseconds. Default: 200. */
  readonly initialIntervalMs?: number;
  /** In milliseconds. Default: 5,000. */
  readonly maxIntervalMs?: number;
  /** A share from 0 to 1. Default: 0.2. */
  readonly jitter?: number;
}

/**
 * Returns a function from the number of a failed attempt (from 1) to the delay before the next one,
 * in milliseconds. `random` returns a number from 0 to 1. Throws `invalid_argument`.
 *
 * @example
 * const backoff = createBackoff({ initialIntervalMs: 100, jitter: 0 });
 * backoff(3); // 400
 */
export function createBackoff(
  { initialIntervalMs = 200, maxIntervalMs = 5_000, jitter = 0.2 }: Backoff = {},
  random: () => number = Math.random,
): (attempt: number) => number {
  const valid =
    initialIntervalMs > 0 &&
    maxIntervalMs >= initialIntervalMs &&
    Number.isFinite(maxIntervalMs) &&
    jitter >= 0 &&
    jitter <= 1;
  if (!valid) {
    throw new BusError(
      "invalid_argument",
      `backoff requires 0 < initialIntervalMs <= maxIntervalMs and a jitter from 0 to 1, got ${JSON.stringify({ initialIntervalMs, maxIntervalMs, jitter })}`,
    );
  }
  return (attempt) => {
    const nominal = Math.min(maxIntervalMs, initialIntervalMs * 2 ** (attempt - 1));
    return Math.ceil(nominal * (1 - jitter * random()));
  };
}

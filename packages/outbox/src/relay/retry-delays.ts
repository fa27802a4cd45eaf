import { createBackoff } from "@fanfare/bus/kit";

/** Backoff delays by name: of the database, and of each topic. */
export interface RetryDelays {
  /** Returns whether the delay of a failure has not passed yet. */
  isDelayed(name: string): boolean;
  /** Delays the next attempt, with backoff. */
  recordFailure(name: string): void;
  /** Resets the backoff. */
  recordSuccess(name: string): void;
  /** Returns the time until the first delay passes, in milliseconds, at most `ms`. */
  untilNext(ms: number): number;
}

const backoff = createBackoff({ initialIntervalMs: 100 });

/** Creates an empty set of delays. `now` returns a monotonic time in milliseconds. */
export function createRetryDelays(now: () => number = () => performance.now()): RetryDelays {
  const delays = new Map<string, { readonly failures: number; readonly endsAt: number }>();
  return {
    isDelayed: (name) => (delays.get(name)?.endsAt ?? 0) > now(),
    recordFailure(name) {
      const failures = (delays.get(name)?.failures ?? 0) + 1;
      delays.set(name, { failures, endsAt: now() + backoff(failures) });
    },
    recordSuccess(name) {
      delays.delete(name);
    },
    untilNext(ms) {
      const left = Array.from(delays.values(), ({ endsAt }) => endsAt - now());
      return Math.max(0, Math.min(ms, ...left.filter((leftMs) => leftMs > 0)));
    },
  };
}

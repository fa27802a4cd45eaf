/** The items that have failed, each with a pause before its next attempt. */
export interface FailurePauses {
  isPaused(key: string): boolean;
  /** Begins a pause: a second after the first failure, doubled by each further one, five minutes at most. */
  fail(key: string): void;
  succeed(key: string): void;
}

interface Failed {
  readonly failures: number;
  readonly until: number;
}

const firstPauseMs = 1_000;
const maxPauseMs = 5 * 60_000;

/** Creates pauses. `now` returns a monotonic time in milliseconds. Forgets items that nobody tries any more. */
export function createFailurePauses(now: () => number = () => performance.now()): FailurePauses {
  const failed = new Map<string, Failed>();

  function forgetOld(): void {
    for (const [key, { until }] of failed) {
      if (now() > until + 2 * maxPauseMs) failed.delete(key);
    }
  }

  return {
    isPaused(key) {
      const until = failed.get(key)?.until;
      return until !== undefined && now() < until;
    },
    fail(key) {
      forgetOld();
      const failures = (failed.get(key)?.failures ?? 0) + 1;
      const pauseMs = Math.min(firstPauseMs * 2 ** (failures - 1), maxPauseMs);
      failed.set(key, { failures, until: now() + pauseMs });
    },
    succeed: (key) => void failed.delete(key),
  };
}

/** Clock is where the bus takes its time from, so that a test can move it by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `task` once, `delayMs` from now, unless the returned function is called first. */
  schedule(delayMs: number, task: () => void): () => void;
}

/** Beyond it setTimeout fires at once. */
const longestTimeoutMs = 2 ** 31 - 1;

/** systemClock is the real time. Delays beyond 24 days end early. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, Math.min(delayMs, longestTimeoutMs));
    return () => clearTimeout(timer);
  },
};

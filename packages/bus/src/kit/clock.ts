/** A source of time that tests can replace. */
export interface Clock {
  /** Returns the wall clock, in milliseconds since the Unix epoch. It may be set: never measure durations with it. */
  now(): number;
  /** Returns milliseconds since some instant. It runs steadily, whatever happens to the wall clock. */
  monotonic(): number;
  /** Runs `task` once after `delayMs`. The returned function cancels it. */
  schedule(delayMs: number, task: () => void): () => void;
}

/** The longest delay of a Node.js timer, in milliseconds (some 24 days); a longer one fires at once. */
export const maxTimerMs = 2 ** 31 - 1;

/** The clock of this machine. Delays beyond `maxTimerMs` end early. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, Math.min(delayMs, maxTimerMs));
    return () => clearTimeout(timer);
  },
};

import type { Clock } from "../kit/clock.ts";

/** A clock for tests: its time moves only when `advance` moves it. */
export interface ManualClock extends Clock {
  /**
   * Advances the time by `ms` milliseconds and runs the tasks that fall due, in order. The clock
   * stops at the time of each task until promises and immediates have settled, so that what a task
   * starts runs before time goes on. It does not wait for I/O.
   */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock forward by `ms` milliseconds, or back. No time elapses. */
  shiftWallClock(ms: number): void;
}

interface Task {
  readonly at: number;
  readonly run: () => void;
}

/**
 * Creates a clock that stands at `start`. Default: 2026-01-01T08:00:00Z.
 *
 * @example
 * ```ts
 * const clock = createManualClock(new Date("2026-05-01T00:00:00Z"));
 * clock.schedule(1_000, () => console.log("one second later"));
 * await clock.advance(1_000);
 * ```
 */
export function createManualClock(start: Date = new Date("2026-01-01T08:00:00Z")): ManualClock {
  let elapsed = 0;
  /** The wall clock's time when the clock was created. */
  let origin = start.getTime();
  /** The next task last; tasks of the same time in reverse order of scheduling. */
  let tasks: Task[] = [];
  let advancing: Promise<void> = Promise.resolve();

  async function moveTo(target: number): Promise<void> {
    await yieldToEventLoop();
    for (let next = tasks.at(-1); next !== undefined && next.at <= target; next = tasks.at(-1)) {
      elapsed = Math.max(elapsed, next.at);
      runDue();
      await yieldToEventLoop();
    }
    elapsed = Math.max(elapsed, target);
  }

  function runDue(): void {
    for (let next = tasks.at(-1); next !== undefined && next.at <= elapsed; next = tasks.at(-1)) {
      tasks.pop();
      next.run();
    }
  }

  return {
    now: () => origin + elapsed,
    monotonic: () => elapsed,
    schedule(delayMs, run) {
      const task = { at: elapsed + Math.max(0, delayMs), run };
      const later = tasks.findLastIndex((other) => other.at > task.at);
      tasks.splice(later + 1, 0, task);
      return () => {
        tasks = tasks.filter((other) => other !== task);
      };
    },
    advance(ms) {
      advancing = advancing.then(() => moveTo(elapsed + ms));
      return advancing;
    },
    shiftWallClock(ms) {
      origin += ms;
    },
  };
}

/** Waits until everything that waits only for promises has run. */
function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

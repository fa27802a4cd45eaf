import type { Clock } from "../kit/clock.ts";

/** ManualClock is a clock that moves only when it is told to. */
export interface ManualClock extends Clock {
  /**
   * advance moves the time by `ms`, stopping at each moment for which something was scheduled, so
   * that what a task sets off is done, or scheduled, before time goes on. What waits for real I/O
   * is not waited for.
   */
  advance(ms: number): Promise<void>;
}

interface Task {
  readonly at: number;
  readonly run: () => void;
}

/** createManualClock makes a clock that stands at `start`. Default: 2026-01-01T08:00:00Z. */
export function createManualClock(start: Date = new Date("2026-01-01T08:00:00Z")): ManualClock {
  let now = start.getTime();
  /** By time, the earliest last; those of the same time in reverse order of scheduling. */
  let tasks: Task[] = [];
  let advancing: Promise<void> = Promise.resolve();

  async function moveTo(target: number): Promise<void> {
    await turn();
    for (let next = tasks.at(-1); next !== undefined && next.at <= target; next = tasks.at(-1)) {
      now = Math.max(now, next.at);
      runDue();
      await turn();
    }
    now = Math.max(now, target);
  }

  function runDue(): void {
    for (let next = tasks.at(-1); next !== undefined && next.at <= now; next = tasks.at(-1)) {
      tasks.pop();
      next.run();
    }
  }

  return {
    now: () => now,
    schedule(delayMs, run) {
      const task = { at: now + Math.max(0, delayMs), run };
      const later = tasks.findLastIndex((other) => other.at > task.at);
      tasks.splice(later + 1, 0, task);
      return () => {
        tasks = tasks.filter((other) => other !== task);
      };
    },
    advance(ms) {
      advancing = advancing.then(() => moveTo(now + ms));
      return advancing;
    },
  };
}

/** turn lets everything go on that waits for no more than promises. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

import type { Clock } from "./clock.ts";

/** Countdown tells of items whose time is up, all after the same delay, on one timer. */
export interface Countdown<T> {
  /** Starts, or starts anew, the item's time. */
  start(item: T): void;
  stop(item: T): void;
  /** Forgets every item and its timer. */
  clear(): void;
}

/** createCountdown calls `due` with each item, once, `delayMs` after its start. `due` may start it anew. */
export function createCountdown<T>(
  clock: Clock,
  delayMs: number,
  due: (item: T) => void,
): Countdown<T> {
  // All delays being equal, the order of insertion is the order of falling due.
  const dueAt = new Map<T, number>();
  let cancel: (() => void) | undefined;

  function arm(): void {
    const first = dueAt.values().next();
    if (first.done !== true) cancel = clock.schedule(Math.max(0, first.value - clock.now()), ring);
  }

  function ring(): void {
    cancel = undefined;
    const now = clock.now();
    for (const [item, at] of dueAt) {
      if (at > now) break;
      dueAt.delete(item);
      due(item);
    }
    if (cancel === undefined) arm();
  }

  return {
    start(item) {
      dueAt.delete(item);
      dueAt.set(item, clock.now() + delayMs);
      if (cancel === undefined) arm();
    },
    stop(item) {
      dueAt.delete(item);
    },
    clear() {
      dueAt.clear();
      cancel?.();
      cancel = undefined;
    },
  };
}

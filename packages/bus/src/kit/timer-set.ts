import type { Clock } from "./clock.ts";

/** A set of items that fall due after the same delay. All share one timer. */
export interface TimerSet<T> {
  /** Starts, or restarts, the item's delay. */
  start(item: T): void;
  stop(item: T): void;
  /** Stops every item. */
  clear(): void;
}

/** Creates an empty set. It calls `onDue` once per start, `delayMs` later; `onDue` may restart the item. */
export function createTimerSet<T>(
  clock: Clock,
  delayMs: number,
  onDue: (item: T) => void,
): TimerSet<T> {
  // All delays being equal, items fall due in the order of their insertion.
  const dueAt = new Map<T, number>();
  let cancel: (() => void) | undefined;

  function arm(): void {
    const first = dueAt.values().next();
    if (first.done !== true)
      cancel = clock.schedule(Math.max(0, first.value - clock.monotonic()), fire);
  }

  function fire(): void {
    cancel = undefined;
    const now = clock.monotonic();
    for (const [item, at] of dueAt) {
      if (at > now) break;
      dueAt.delete(item);
      onDue(item);
    }
    if (cancel === undefined) arm();
  }

  return {
    start(item) {
      dueAt.delete(item);
      dueAt.set(item, clock.monotonic() + delayMs);
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

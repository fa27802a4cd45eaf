/** An item of a keyed queue. Items with the same queue key never run at the same time. */
export interface KeyedItem {
  readonly queueKey: string;
}

/**
 * A queue that runs the items of one key in order, one after another, and those of different keys side
 * by side, up to a concurrency.
 */
export interface KeyedQueue<T extends KeyedItem> {
  readonly running: number;
  readonly waiting: number;
  /** How many items are blocked. */
  readonly blocked: number;
  /** How many items wait behind blocked ones. */
  readonly behind: number;
  /** Returns whether an item of the key runs, is ready or is blocked. */
  isBusy(queueKey: string): boolean;
  /** Counts the items that wait for their key. */
  countWaiting(queueKey: string): number;
  /** Removes and returns the items that wait for their key. */
  takeWaiting(queueKey: string): T[];
  add(item: T): void;
  /** Frees the slot and the key of an item that has started. */
  finish(item: T): void;
  /** Frees the slot of an item that has started, unless it is blocked already; not its key. */
  block(item: T): void;
  /** Resolves to true once a blocked item has a slot again, before others; to false at `clear`. */
  unblock(item: T): Promise<boolean>;
  /** Starts nothing until `resume`. */
  pause(): void;
  resume(): void;
  /** Removes and returns the items that have not started, in the order of arrival within each key. */
  clear(): T[];
}

/** Creates an empty queue. It calls `start` for at most `concurrency` items, each until `finish`. */
export function createKeyedQueue<T extends KeyedItem>(
  concurrency: number,
  start: (item: T) => void,
): KeyedQueue<T> {
  /** The keys in use, with the items that wait behind the one that runs or is ready. */
  const keys = new Map<string, T[] | undefined>();
  let ready: T[] = [];
  const blocked = new Set<T>();
  /** Blocked items that are ready again, and who waits for their slot. */
  const returning = new Map<T, (hasSlot: boolean) => void>();
  let running = 0;
  let waiting = 0;
  let paused = false;
  let starting = false;

  /** An item that finishes while it starts calls this again: the loop goes on with the next one. */
  function startReady(): void {
    if (starting) return;
    starting = true;
    while (running < concurrency) {
      const item = paused ? undefined : ready.shift();
      if (item === undefined) break;
      running++;
      waiting--;
      if (blocked.delete(item)) settleReturning(item, true);
      else start(item);
    }
    starting = false;
  }

  function settleReturning(item: T, hasSlot: boolean): void {
    returning.get(item)?.(hasSlot);
    returning.delete(item);
  }

  return {
    get running() {
      return running;
    },
    get waiting() {
      return waiting;
    },
    get blocked() {
      return blocked.size;
    },
    get behind() {
      let count = 0;
      for (const { queueKey } of blocked) count += keys.get(queueKey)?.length ?? 0;
      return count;
    },
    isBusy: (queueKey) => keys.has(queueKey),
    countWaiting: (queueKey) => keys.get(queueKey)?.length ?? 0,
    takeWaiting(queueKey) {
      const taken = keys.get(queueKey)?.splice(0) ?? [];
      waiting -= taken.length;
      return taken;
    },
    add(item) {
      waiting++;
      if (keys.has(item.queueKey)) {
        const queue = keys.get(item.queueKey);
        if (queue === undefined) keys.set(item.queueKey, [item]);
        else queue.push(item);
        return;
      }
      keys.set(item.queueKey, undefined);
      ready.push(item);
      startReady();
    },
    finish(item) {
      const { queueKey } = item;
      if (!blocked.delete(item)) running--;
      const next = keys.get(queueKey)?.shift();
      if (next === undefined) keys.delete(queueKey);
      else ready.push(next);
      startReady();
    },
    block(item) {
      if (blocked.has(item)) return;
      blocked.add(item);
      running--;
      startReady();
    },
    unblock(item) {
      return new Promise((resolve) => {
        returning.set(item, resolve);
        ready.unshift(item);
        waiting++;
        startReady();
      });
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      startReady();
    },
    clear() {
      const removed: T[] = [];
      for (const item of ready) {
        removed.push(item, ...(keys.get(item.queueKey) ?? []));
        keys.delete(item.queueKey);
        settleReturning(item, false);
      }
      ready = [];
      for (const [key, queue] of keys) {
        if (queue !== undefined) removed.push(...queue);
        keys.set(key, undefined);
      }
      waiting = 0;
      return removed;
    },
  };
}

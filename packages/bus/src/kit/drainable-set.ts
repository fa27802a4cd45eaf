/** A set that can be waited for until it is empty. */
export interface DrainableSet<T> extends Iterable<T> {
  readonly size: number;
  add(item: T): void;
  delete(item: T): void;
  /** Resolves when the set is empty; at once when it is. */
  whenEmpty(): Promise<void>;
}

/** Creates an empty set. */
export function createDrainableSet<T>(): DrainableSet<T> {
  const items = new Set<T>();
  let waiters: (() => void)[] = [];
  return {
    get size() {
      return items.size;
    },
    add(item) {
      items.add(item);
    },
    delete(item) {
      items.delete(item);
      if (items.size > 0 || waiters.length === 0) return;
      for (const resolve of waiters) resolve();
      waiters = [];
    },
    whenEmpty() {
      if (items.size === 0) return Promise.resolve();
      return new Promise((resolve) => {
        waiters.push(resolve);
      });
    },
    [Symbol.iterator]: () => items[Symbol.iterator](),
  };
}

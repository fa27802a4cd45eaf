import { BusError } from "@fanfare/bus";

/** Bounds how many items are in flight at a time; further items wait in a queue. */
export interface InFlightWindow<T> {
  /** Admits the item, now or when its turn comes. Throws `resource_exhausted` when the queue is full. */
  add(item: T): void;
  /** Removes an item, in flight or queued, and admits the next one. */
  remove(item: T): void;
}

/** The bounds of an in-flight window. */
export interface InFlightLimits {
  readonly maxInFlight: number;
  readonly maxWaiting: number;
}

/** Creates a window that calls `admit` with each item, in the order in which they were added. */
export function createInFlightWindow<T>(
  { maxInFlight, maxWaiting }: InFlightLimits,
  admit: (item: T) => void,
): InFlightWindow<T> {
  const inFlight = new Set<T>();
  const waiting = new Set<T>();
  // One iterator serves many items: to find the first element of a set whose first elements were
  // deleted is slow.
  let iterator = waiting.values();

  const findNext = (): T | undefined => {
    if (waiting.size === 0) return undefined;
    let next = iterator.next();
    if (next.done === true) {
      iterator = waiting.values();
      next = iterator.next();
    }
    return next.done === true ? undefined : next.value;
  };
  const start = (item: T) => {
    waiting.delete(item);
    inFlight.add(item);
    admit(item);
  };

  return {
    add(item) {
      if (inFlight.size < maxInFlight) return start(item);
      if (waiting.size >= maxWaiting) {
        const message = `${inFlight.size} publishes are in flight and ${waiting.size} wait: await some of them first`;
        throw new BusError("resource_exhausted", message);
      }
      waiting.add(item);
    },
    remove(item) {
      waiting.delete(item);
      const next = inFlight.delete(item) ? findNext() : undefined;
      if (next !== undefined) start(next);
    },
  };
}

import { BusError } from "@fanfare/bus";

/** Window lets a bounded number of items in at a time; the others wait in line. */
export interface Window<T> {
  /** Lets the item in, now or when it is its turn. Throws `resource_exhausted` when the line is full. */
  enter(item: T): void;
  /** The item is over, wherever it was. */
  leave(item: T): void;
}

/** createWindow calls `admit` with each item, in the order of entering. */
export function createWindow<T>(
  limits: { readonly places: number; readonly line: number },
  admit: (item: T) => void,
): Window<T> {
  const inside = new Set<T>();
  const line = new Set<T>();
  // One iterator for many items: looking for the first of a set whose first ones were deleted is slow.
  let turns = line.values();

  const next = (): T | undefined => {
    if (line.size === 0) return undefined;
    let turn = turns.next();
    if (turn.done === true) {
      turns = line.values();
      turn = turns.next();
    }
    return turn.done === true ? undefined : turn.value;
  };
  const letIn = (item: T) => {
    line.delete(item);
    inside.add(item);
    admit(item);
  };

  return {
    enter(item) {
      if (inside.size < limits.places) return letIn(item);
      if (line.size >= limits.line) {
        const message = `${inside.size} publishes are in flight and ${line.size} wait: await some`;
        throw new BusError("resource_exhausted", message);
      }
      line.add(item);
    },
    leave(item) {
      line.delete(item);
      const first = inside.delete(item) ? next() : undefined;
      if (first !== undefined) letIn(first);
    },
  };
}

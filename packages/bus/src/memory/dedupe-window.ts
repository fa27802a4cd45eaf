import type { Clock } from "../kit/clock.ts";

/** The ids stored within the dedupe window, each with its sequence. */
export interface DedupeWindow {
  /** Returns the sequence of an id; undefined when it was not stored within the window. */
  find(id: string): number | undefined;
  /** Adds an id, or renews it. */
  add(id: string, sequence: number): void;
}

/** Creates a window of `windowMs` milliseconds. It evicts ids when it is read and needs no timer. */
export function createDedupeWindow(clock: Clock, windowMs: number): DedupeWindow {
  const sequences = new Map<string, number>();
  /** Ids by the time they were added, the oldest first. */
  const added: { readonly at: number; readonly ids: string[] }[] = [];

  function evictExpired(): void {
    const before = clock.monotonic() - windowMs;
    for (let oldest = added[0]; oldest !== undefined; oldest = added[0]) {
      if (oldest.at > before) return;
      for (const id of oldest.ids) sequences.delete(id);
      added.shift();
    }
  }

  return {
    find(id) {
      evictExpired();
      return sequences.get(id);
    },
    add(id, sequence) {
      sequences.set(id, sequence);
      const at = clock.monotonic();
      const latest = added.at(-1);
      if (latest?.at === at) latest.ids.push(id);
      else added.push({ at, ids: [id] });
    },
  };
}

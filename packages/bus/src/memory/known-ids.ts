import type { Clock } from "../kit/clock.ts";

/** KnownIds remembers ids for a while, each with the sequence that it was stored at. */
export interface KnownIds {
  sequenceOf(id: string): number | undefined;
  add(id: string, sequence: number): void;
}

/** createKnownIds forgets an id `windowMs` after it was added. It needs no timer: it forgets when it is asked. */
export function createKnownIds(clock: Clock, windowMs: number): KnownIds {
  const sequences = new Map<string, number>();
  /** Ids by when they were added, the oldest first, as many share a time. */
  const added: { readonly at: number; readonly ids: string[] }[] = [];

  function forgetOld(): void {
    const before = clock.now() - windowMs;
    for (let oldest = added[0]; oldest !== undefined; oldest = added[0]) {
      if (oldest.at > before) return;
      for (const id of oldest.ids) sequences.delete(id);
      added.shift();
    }
  }

  return {
    sequenceOf(id) {
      forgetOld();
      return sequences.get(id);
    },
    add(id, sequence) {
      sequences.set(id, sequence);
      const at = clock.now();
      const latest = added.at(-1);
      if (latest?.at === at) latest.ids.push(id);
      else added.push({ at, ids: [id] });
    },
  };
}

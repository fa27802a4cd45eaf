import type { Clock } from "../kit/clock.ts";
import type { InFlightEvent } from "./in-flight-event.ts";

/**
 * The events that this process has returned to the broker because too many of their key wait. Until they
 * come back, later events of the key may not be handled here: they would overtake them.
 */
export interface ReturnedEvents {
  /** Adds an event, which the broker delivers again after the delay. */
  add(event: InFlightEvent, delayMs: number): void;
  /** Removes an event that has come back. */
  remove(event: InFlightEvent): void;
  /** Counts the events of the same key that were returned and precede this one. */
  countEarlier(event: InFlightEvent): number;
}

/** The returned events of a key: their sequences, ascending, and until when each is expected back. */
interface ReturnedKey {
  readonly sequences: number[];
  readonly expectedUntil: Map<number, number>;
}

/**
 * Creates an empty set. An event that has not come back `graceMs` after its delay was delivered to another
 * process: it is forgotten.
 */
export function createReturnedEvents(clock: Clock, graceMs: number): ReturnedEvents {
  const keys = new Map<string, ReturnedKey>();

  function forgetLate(queueKey: string, { sequences, expectedUntil }: ReturnedKey): void {
    const now = clock.monotonic();
    for (let first = sequences[0]; first !== undefined; first = sequences[0]) {
      if ((expectedUntil.get(first) ?? 0) > now) return;
      sequences.shift();
      expectedUntil.delete(first);
    }
    keys.delete(queueKey);
  }

  return {
    add({ queueKey, lease }, delayMs) {
      const { sequence } = lease.record;
      const key = keys.get(queueKey) ?? { sequences: [], expectedUntil: new Map() };
      keys.set(queueKey, key);
      key.sequences.splice(findPosition(key.sequences, sequence), 0, sequence);
      key.expectedUntil.set(sequence, clock.monotonic() + delayMs + graceMs);
    },
    remove({ queueKey, lease }) {
      const key = keys.get(queueKey);
      const { sequence } = lease.record;
      if (key === undefined || !key.expectedUntil.delete(sequence)) return;
      key.sequences.splice(findPosition(key.sequences, sequence), 1);
      if (key.sequences.length === 0) keys.delete(queueKey);
    },
    countEarlier({ queueKey, lease }) {
      const key = keys.get(queueKey);
      if (key === undefined) return 0;
      forgetLate(queueKey, key);
      return findPosition(key.sequences, lease.record.sequence);
    },
  };
}

/** Returns how many of the ascending numbers are less than `value`. */
function findPosition(numbers: readonly number[], value: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

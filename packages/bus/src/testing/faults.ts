import type { Broker, DeadLetterStore, Lease } from "../broker.ts";
import { PermanentError } from "../consume/handler-errors.ts";
import { BusError } from "../error.ts";

/** A handler that fails with a permanent error. */
export function failPermanently(): never {
  throw new PermanentError("never");
}

/** Rejects as a broker without space does. */
export function rejectAsFull(): Promise<never> {
  return Promise.reject(new BusError("resource_exhausted", "no room"));
}

/** Returns a broker with some operations on dead letters replaced. */
export function withDeadLetters(broker: Broker, changed: Partial<DeadLetterStore>): Broker {
  return { ...broker, deadLetters: { ...broker.deadLetters, ...changed } };
}

/** Returns a broker that passes each lease through `change`. */
export function withLeases(broker: Broker, change: (lease: Lease) => Lease): Broker {
  return {
    ...broker,
    lease: (group, receive, onLost) =>
      broker.lease(group, (lease) => receive(change(lease)), onLost),
  };
}

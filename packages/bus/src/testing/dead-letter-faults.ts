import type { Broker } from "../broker.ts";
import { BusError } from "../error.ts";

/** refuse is a handler that fails for good. */
export function refuse(): never {
  throw new BusError("permanent", "never");
}

/** withDeadLetters is a broker whose dead letters behave otherwise. */
export function withDeadLetters(broker: Broker, changed: Partial<Broker["deadLetters"]>): Broker {
  return { ...broker, deadLetters: { ...broker.deadLetters, ...changed } };
}

/** outOfRoom is what a full broker does. */
export function outOfRoom(): Promise<never> {
  return Promise.reject(new BusError("resource_exhausted", "no room"));
}

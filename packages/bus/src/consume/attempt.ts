import type { BusError } from "../error.ts";
import type { Envelope } from "../wire/envelope.ts";
import type { Delivery } from "./delivery.ts";

/** A delivery whose handler runs, and the means to abort it. */
export interface Attempt {
  readonly kind: "handling";
  readonly delivery: Delivery;
  /** The first reason it was aborted with. */
  readonly aborted: BusError | undefined;
  /** Aborts the delivery's signal. Later calls change nothing. */
  abort(reason: BusError): void;
}

/** Creates the attempt to handle an event. */
export function createAttempt(
  envelope: Envelope,
  about: Pick<Delivery, "group" | "attempt" | "redelivered">,
): Attempt {
  const controller = new AbortController();
  // A plain property: a getter makes an object literal ten times as slow, and each event creates one.
  const created: Attempt & { aborted: BusError | undefined } = {
    kind: "handling",
    delivery: { ...about, ...envelope, signal: controller.signal },
    aborted: undefined,
    abort(reason) {
      created.aborted ??= reason;
      controller.abort(created.aborted);
    },
  };
  return created;
}

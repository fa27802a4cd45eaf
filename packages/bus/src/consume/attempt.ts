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

/** Creates the attempt to handle an event. Its signal is created when it is first read. */
export function createAttempt(
  envelope: Envelope,
  { group, attempt }: Pick<Delivery, "group" | "attempt">,
): Attempt {
  return new HandlingAttempt(new HandledDelivery(envelope, { group, attempt }));
}

/** A class, as one is created for every event: a getter makes an object literal thirty times as slow. */
class HandlingAttempt implements Attempt {
  readonly kind = "handling";
  readonly delivery: HandledDelivery;
  aborted: BusError | undefined;

  constructor(delivery: HandledDelivery) {
    this.delivery = delivery;
  }

  abort(reason: BusError): void {
    this.aborted ??= reason;
    HandledDelivery.abort(this.delivery, this.aborted);
  }
}

class HandledDelivery implements Delivery {
  readonly group: string;
  readonly id: string;
  readonly topic: string;
  readonly key: string | undefined;
  readonly attempt: number;
  readonly time: Date;
  readonly source: string;
  readonly headers: Readonly<Record<string, string>>;
  #controller: AbortController | undefined;
  #aborted: BusError | undefined;

  constructor(envelope: Envelope, { group, attempt }: Pick<Delivery, "group" | "attempt">) {
    this.group = group;
    this.id = envelope.id;
    this.topic = envelope.topic;
    this.key = envelope.key;
    this.attempt = attempt;
    this.time = envelope.time;
    this.source = envelope.source;
    this.headers = envelope.headers;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  static abort(delivery: HandledDelivery, reason: BusError): void {
    delivery.#aborted = reason;
    delivery.#controller?.abort(reason);
  }
}

import type { BusError } from "../error.ts";
import type { Envelope } from "../wire/envelope.ts";
import type { Delivery } from "./delivery.ts";

/** Attempt is a delivery with the means to abort it. */
export interface Attempt {
  readonly delivery: Delivery;
  /** Why it was aborted, the first time. */
  readonly aborted: BusError | undefined;
  abort(reason: BusError): void;
}

/** createAttempt makes the delivery of an event. Its signal is only made when somebody looks at it. */
export function createAttempt(
  envelope: Envelope,
  { group, attempt }: Pick<Delivery, "group" | "attempt">,
): Attempt {
  return new Started(new HandledDelivery(envelope, { group, attempt }));
}

/** Classes, as one of each is made for every attempt: a getter costs an object literal thirty times as much. */
class Started implements Attempt {
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

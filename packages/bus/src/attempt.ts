import type { Delivery } from "./bus.ts";
import type { Envelope } from "./envelope.ts";
import type { BusError } from "./error.ts";

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
  let controller: AbortController | undefined;
  let aborted: BusError | undefined;
  return {
    delivery: {
      group,
      id: envelope.id,
      topic: envelope.topic,
      key: envelope.key,
      attempt,
      time: envelope.time,
      source: envelope.source,
      headers: envelope.headers,
      get signal() {
        if (controller === undefined) {
          controller = new AbortController();
          if (aborted !== undefined) controller.abort(aborted);
        }
        return controller.signal;
      },
    },
    get aborted() {
      return aborted;
    },
    abort(reason) {
      aborted ??= reason;
      controller?.abort(aborted);
    },
  };
}

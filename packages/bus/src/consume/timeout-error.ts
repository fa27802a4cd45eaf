import { BusError } from "../error.ts";
import { readId } from "../wire/read-header.ts";
import type { DeliveryContext } from "./delivery-context.ts";
import type { InFlightEvent } from "./in-flight-event.ts";

/** Creates the error of an attempt that has exceeded its timeout. */
export function createTimeoutError(
  { lease }: InFlightEvent,
  { group, settings }: DeliveryContext,
): BusError {
  return new BusError(
    "deadline_exceeded",
    `the handler of ${group} took longer than ${settings.handlerTimeoutMs} ms for event ${readId(lease.record)}`,
  );
}

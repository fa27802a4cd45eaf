import { readId } from "../wire/read-header.ts";
import type { DeliveryContext } from "./delivery-context.ts";
import type { HandlerFailure } from "./handler-failure.ts";
import type { InFlightEvent } from "./in-flight-event.ts";

/** Records a failed attempt as the last error, and calls `onFailure`. What that throws is recorded. */
export function reportFailure(
  { lease, attempt }: InFlightEvent,
  { kind: verdict, error }: { readonly kind: HandlerFailure["verdict"]; readonly error: Error },
  { group, settings, status }: DeliveryContext,
): void {
  status.recordError(error);
  const { record } = lease;
  try {
    settings.onFailure?.({
      group,
      topic: record.topic,
      id: readId(record),
      attempt,
      error,
      verdict,
    });
  } catch (reason) {
    status.recordError(reason);
  }
}

import { notify } from "../kit/notify.ts";
import { readId } from "../wire/read-header.ts";
import type { DeliveryContext } from "./delivery-context.ts";
import type { HandlerFailure } from "./handler-failure.ts";
import type { InFlightEvent } from "./in-flight-event.ts";

/** Records a failed attempt as the last error, and calls `onFailure`. Records what that throws. */
export function reportFailure(
  { lease, attempt }: InFlightEvent,
  { kind: verdict, error }: { readonly kind: HandlerFailure["verdict"]; readonly error: Error },
  { group, settings, status, runClean }: DeliveryContext,
): void {
  status.recordError(error);
  const { record } = lease;
  const failure = { group, topic: record.topic, id: readId(record), attempt, error, verdict };
  runClean(() => notify(settings.onFailure, [failure], status.recordError));
}

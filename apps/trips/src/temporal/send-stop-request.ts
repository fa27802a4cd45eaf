import type { TripRow } from "../registry/tables.ts";
import type { CallOptions, Reply, TripWorkflows } from "./trip-workflows.ts";

/**
 * Sends the recorded stop request of a trip to its workflow, with the time at which it was recorded, and
 * waits until it is carried out. Equal requests join. Throws for a trip without a stop request.
 */
export async function sendStopRequest(
  workflows: Pick<TripWorkflows, "end" | "cancel">,
  trip: TripRow,
  call: CallOptions,
): Promise<Reply<unknown>> {
  const { trip_id: tripId, stop_kind, stop_requested_at, stop_reason, stop_operator } = trip;
  if (stop_kind === null || stop_requested_at === null) {
    throw new Error(`expected a stop request of trip ${tripId}, found none: record one first`);
  }
  const operator = stop_operator === null ? {} : { operator: stop_operator };
  if (stop_kind === "END") {
    const reason = stop_reason === null ? {} : { reason: stop_reason };
    const requestedAt = stop_requested_at.toISOString();
    return await workflows.end(tripId, { requestedAt, ...reason, ...operator }, call);
  }
  return await workflows.cancel(tripId, { reason: stop_reason ?? "", ...operator }, call);
}

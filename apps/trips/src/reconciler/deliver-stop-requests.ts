import type { Logger } from "@fanfare/service";
import type { TripRow } from "../registry/tables.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import { sendStopRequest } from "../temporal/send-stop-request.ts";
import type { TripWorkflows } from "../temporal/trip-workflows.ts";

/** The dependencies of `deliverStopRequests`. */
export interface DeliverStopRequestsDeps {
  readonly registry: Pick<TripRegistry, "claimStopping">;
  readonly workflows: Pick<TripWorkflows, "end" | "cancel">;
  readonly logger: Logger;
}

const callTimeoutMs = 5_000;

/**
 * Delivers one batch of the stop requests that are due to their workflows, beside each other, so that a
 * workflow that does not answer delays no other. A request is due until its trip is no longer ACTIVE, so
 * nothing marks it as delivered. Several processes may do so concurrently. Throws when the database is
 * unavailable.
 */
export async function deliverStopRequests(
  signal: AbortSignal,
  { registry, workflows, logger }: DeliverStopRequestsDeps,
  { batchSize }: { readonly batchSize: number },
): Promise<void> {
  async function deliver(trip: TripRow): Promise<void> {
    const { trip_id: tripId, stop_kind: request, stop_deliveries: deliveries } = trip;
    const reply = await sendStopRequest(workflows, trip, { timeoutMs: callTimeoutMs, signal });
    if (signal.aborted) return;
    if (reply.kind === "answered") logger.info({ tripId, request }, "delivered a stop request");
    else logger.warn({ tripId, request, deliveries, reply }, "a stop request is not delivered yet");
  }
  await Promise.all((await registry.claimStopping(batchSize)).map(deliver));
}

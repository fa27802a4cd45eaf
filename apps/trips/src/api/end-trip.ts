import type { Trip } from "@fanfare/contracts/trips/v1/trips";
import type { Caller } from "@fanfare/service";
import { createCannotEndError, requestEnd } from "../registry/stop-requests.ts";
import { toTrip } from "../registry/trip-message.ts";
import { isCompensating } from "../registry/trip-phase.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import { sendStopRequest } from "../temporal/send-stop-request.ts";
import type { CallOptions, TripWorkflows } from "../temporal/trip-workflows.ts";
import { getVisibleTrip } from "./get-visible-trip.ts";

/** The dependencies of `endTrip`. */
export interface EndTripDeps {
  readonly registry: TripRegistry;
  readonly workflows: TripWorkflows;
}

/** How long the call waits for the workflow, in milliseconds. The recorded request needs no answer. */
const maxWaitMs = 10_000;

/**
 * Records the request to end the drive, asks the workflow to carry it out, and returns the trip with its
 * end and its fare, or as it is when the workflow does not answer in time: the reconciler delivers the
 * request later. A repeated call returns the same. Throws failed_precondition when the trip is not ACTIVE.
 */
export async function endTrip(
  tripId: string,
  { caller, ...call }: CallOptions & { caller: Caller },
  { registry, workflows }: EndTripDeps,
): Promise<Trip> {
  const visible = await getVisibleTrip(registry, caller, tripId);
  const asked = await registry.record(visible.trip_id, requestEnd());
  if (asked.ended_at !== null) return toTrip(asked);

  const timeoutMs = Math.min(call.timeoutMs, maxWaitMs);
  await sendStopRequest(workflows, asked, { ...call, timeoutMs });
  const trip = await getVisibleTrip(registry, caller, tripId);
  if (isCompensating(trip)) throw createCannotEndError(trip);
  return toTrip(trip);
}

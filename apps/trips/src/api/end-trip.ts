import { Code, ConnectError } from "@connectrpc/connect";
import type { Trip } from "@fanfare/contracts/trips/v1/trips";
import type { Caller } from "@fanfare/service";
import type { TripRow } from "../registry/tables.ts";
import { toTrip } from "../registry/trip-message.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import type { CallOptions, TripWorkflows } from "../temporal/trip-workflows.ts";
import { getVisibleTrip } from "./get-visible-trip.ts";
import { createUnansweredError } from "./unanswered-error.ts";

/** The dependencies of `endTrip`. */
export interface EndTripDeps {
  readonly registry: TripRegistry;
  readonly workflows: TripWorkflows;
}

/**
 * Ends the drive and returns the trip with its end and its fare. A repeated call returns the same. Throws
 * failed_precondition when the trip is not ACTIVE.
 */
export async function endTrip(
  tripId: string,
  call: CallOptions & { caller: Caller },
  { registry, workflows }: EndTripDeps,
): Promise<Trip> {
  const before = await getVisibleTrip(registry, call.caller, tripId);
  if (before.ended_at !== null) return toTrip(before);
  if (before.status !== "ACTIVE") throw createCannotEndError(before);

  const reply = await workflows.end(before.trip_id, call);
  const what = `end of trip ${before.trip_id}`;
  if (reply.kind === "refused" || reply.kind === "not-ready") {
    throw createUnansweredError(reply, what);
  }
  const trip = await getVisibleTrip(registry, call.caller, tripId);
  if (trip.ended_at !== null) return toTrip(trip);
  if (reply.kind === "timed-out" || reply.kind === "unavailable") {
    throw createUnansweredError(reply, what);
  }
  throw createCannotEndError(trip);
}

function createCannotEndError(trip: TripRow): ConnectError {
  return new ConnectError(`trip ${trip.trip_id} ${explain(trip)}`, Code.FailedPrecondition);
}

function explain({ status }: TripRow): string {
  if (status === "REQUESTED" || status === "PENDING") {
    return `is ${status}: its drive has not begun. End it once it is ACTIVE, or cancel it`;
  }
  if (status === "COMPENSATING" || status === "CANCELLED") {
    return `is ${status}: there is no drive to end`;
  }
  return `is ${status} and cannot be ended: ask an operator`;
}

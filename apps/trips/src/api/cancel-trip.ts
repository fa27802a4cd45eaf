import { Code, ConnectError } from "@connectrpc/connect";
import type { CancelTripRequest, Trip } from "@fanfare/contracts/trips/v1/trips";
import type { Caller } from "@fanfare/service";
import type { TripRow } from "../registry/tables.ts";
import { withdraw } from "../registry/transitions.ts";
import { toTrip } from "../registry/trip-message.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import type { CallOptions, TripWorkflows } from "../temporal/trip-workflows.ts";
import { getVisibleTrip } from "./get-visible-trip.ts";
import { createUnansweredError } from "./unanswered-error.ts";

/** The dependencies of `cancelTrip`. */
export interface CancelTripDeps {
  readonly registry: TripRegistry;
  readonly workflows: TripWorkflows;
}

/**
 * Compensates a trip whose drive has not ended. Returns it as CANCELLED, or as NEEDS_ATTENTION when a
 * compensation is parked. A repeated call returns the same. Throws failed_precondition when the drive
 * has ended.
 */
export async function cancelTrip(
  request: CancelTripRequest,
  call: CallOptions & { caller: Caller },
  { registry, workflows }: CancelTripDeps,
): Promise<Trip> {
  const reason = request.reason || `cancelled by ${describeCaller(call.caller)}`;
  let trip = await getVisibleTrip(registry, call.caller, request.tripId);
  // No workflow has accepted a REQUESTED trip, so it holds nothing and the registry decides alone.
  if (trip.status === "REQUESTED") {
    trip = await registry.record(trip.trip_id, withdraw(reason));
  }
  if (isCompensated(trip)) return toTrip(trip);
  if (trip.ended_at !== null) throw createCannotCancelError(trip);

  const reply = await workflows.cancel(trip.trip_id, { reason }, call);
  const what = `cancellation of trip ${trip.trip_id}`;
  if (reply.kind === "refused" || reply.kind === "not-ready") {
    throw createUnansweredError(reply, what);
  }
  trip = await getVisibleTrip(registry, call.caller, request.tripId);
  if (isCompensated(trip)) return toTrip(trip);
  if (reply.kind === "timed-out" || reply.kind === "unavailable") {
    throw createUnansweredError(reply, what);
  }
  if (trip.status === "COMPENSATING") throw createInterruptedError(trip);
  throw createCannotCancelError(trip);
}

function describeCaller({ role }: Caller): string {
  return role === "operator" ? "an operator" : "its rider";
}

/** Returns whether everything is compensated, or what is left is parked. */
function isCompensated({ status, ended_at }: TripRow): boolean {
  return status === "CANCELLED" || (status === "NEEDS_ATTENTION" && ended_at === null);
}

/** The workflow was terminated while it compensated. The reconciler restarts it. */
function createInterruptedError({ trip_id }: TripRow): ConnectError {
  return new ConnectError(
    `trip ${trip_id} is COMPENSATING and its workflow was interrupted: call again soon`,
    Code.Unavailable,
  );
}

function createCannotCancelError(trip: TripRow): ConnectError {
  const ended = trip.ended_at === null ? "" : ", its drive has ended";
  return new ConnectError(
    `trip ${trip.trip_id} is ${trip.status}${ended}: it can no longer be cancelled. Ask the operator if its fare is wrong`,
    Code.FailedPrecondition,
  );
}

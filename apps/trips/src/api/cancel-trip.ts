import { Code, ConnectError } from "@connectrpc/connect";
import type { CancelTripRequest, Trip } from "@fanfare/contracts/trips/v1/trips";
import type { Caller } from "@fanfare/service";
import type { Registry } from "../registry/store.ts";
import type { TripRow } from "../registry/tables.ts";
import { withdraw } from "../registry/transitions.ts";
import { tripOf } from "../registry/trip-message.ts";
import type { Call, TripWorkflows } from "../temporal/trip-workflows.ts";
import { visibleTrip } from "./get-visible-trip.ts";
import { noAnswer } from "./unanswered-error.ts";

/** CancelTripDeps are what cancelling a trip needs. */
export interface CancelTripDeps {
  readonly registry: Registry;
  readonly workflows: TripWorkflows;
}

/**
 * cancelTrip compensates a trip whose drive has not ended and answers it as CANCELLED, or as
 * NEEDS_ATTENTION when something is still held; repeated, the same. It throws failed_precondition
 * when the drive has ended.
 */
export async function cancelTrip(
  request: CancelTripRequest,
  call: Call & { caller: Caller },
  { registry, workflows }: CancelTripDeps,
): Promise<Trip> {
  const reason = request.reason || `cancelled by ${whoIs(call.caller)}`;
  let trip = await visibleTrip(registry, call.caller, request.tripId);
  // Nothing is held for a trip that the saga has not taken up: no need to ask anybody.
  if (trip.status === "REQUESTED") {
    trip = await registry.record(trip.trip_id, withdraw(reason));
  }
  if (isCompensated(trip)) return tripOf(trip);
  if (trip.ended_at !== null) throw cannotCancel(trip);

  const reply = await workflows.cancel(trip.trip_id, { reason }, call);
  const what = `cancellation of trip ${trip.trip_id}`;
  if (reply.kind === "refused" || reply.kind === "early") throw noAnswer(reply, what);
  trip = await visibleTrip(registry, call.caller, request.tripId);
  if (isCompensated(trip)) return tripOf(trip);
  if (reply.kind === "late" || reply.kind === "away") throw noAnswer(reply, what);
  if (trip.status === "COMPENSATING") throw compensationInterrupted(trip);
  throw cannotCancel(trip);
}

function whoIs({ role }: Caller): string {
  return role === "operator" ? "an operator" : "its rider";
}

/** isCompensated: everything is compensated, or what is left waits for an operator. */
function isCompensated({ status, ended_at }: TripRow): boolean {
  return status === "CANCELLED" || (status === "NEEDS_ATTENTION" && ended_at === null);
}

/** compensationInterrupted: its workflow was ended in the middle of the compensation, and another one goes on with it soon. */
function compensationInterrupted({ trip_id }: TripRow): ConnectError {
  return new ConnectError(
    `trip ${trip_id} is COMPENSATING, and nothing is compensating it at this moment: call again soon`,
    Code.Unavailable,
  );
}

function cannotCancel(trip: TripRow): ConnectError {
  const ended = trip.ended_at === null ? "" : ", its drive has ended";
  return new ConnectError(
    `trip ${trip.trip_id} is ${trip.status}${ended}: it can no longer be cancelled. Ask the operator if its fare is wrong`,
    Code.FailedPrecondition,
  );
}

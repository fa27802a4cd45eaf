import { Code, ConnectError } from "@connectrpc/connect";
import type { Trip } from "@fanfare/contracts/trips/v1/trips";
import type { Caller } from "@fanfare/service";
import type { Registry } from "../registry/store.ts";
import type { TripRow } from "../registry/tables.ts";
import { tripOf } from "../registry/trip-message.ts";
import type { Call, TripWorkflows } from "../temporal/trip-workflows.ts";
import { visibleTrip } from "./get-visible-trip.ts";
import { noAnswer } from "./unanswered-error.ts";

/** EndTripDeps are what ending a trip needs. */
export interface EndTripDeps {
  readonly registry: Registry;
  readonly workflows: TripWorkflows;
}

/**
 * endTrip ends the drive and answers the trip with its end and its fare; repeated, the same. It
 * throws failed_precondition when the trip is not ACTIVE.
 */
export async function endTrip(
  tripId: string,
  call: Call & { caller: Caller },
  { registry, workflows }: EndTripDeps,
): Promise<Trip> {
  const before = await visibleTrip(registry, call.caller, tripId);
  if (before.ended_at !== null) return tripOf(before);
  if (before.status !== "ACTIVE") throw cannotEnd(before);

  const reply = await workflows.end(before.trip_id, call);
  const what = `end of trip ${before.trip_id}`;
  if (reply.kind === "refused" || reply.kind === "early") throw noAnswer(reply, what);
  const trip = await visibleTrip(registry, call.caller, tripId);
  if (trip.ended_at !== null) return tripOf(trip);
  if (reply.kind === "late" || reply.kind === "away") throw noAnswer(reply, what);
  throw cannotEnd(trip);
}

function cannotEnd(trip: TripRow): ConnectError {
  return new ConnectError(`trip ${trip.trip_id} ${why(trip)}`, Code.FailedPrecondition);
}

function why({ status }: TripRow): string {
  if (status === "REQUESTED" || status === "PENDING") {
    return `is ${status}: its drive has not begun. End it once it is ACTIVE, or cancel it`;
  }
  if (status === "COMPENSATING" || status === "CANCELLED") {
    return `is ${status}: there is no drive to end`;
  }
  return `is ${status} and cannot be ended: ask an operator`;
}

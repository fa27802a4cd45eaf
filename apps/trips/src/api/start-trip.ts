import { createHash } from "node:crypto";
import { clone, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import {
  type StartTripRequest,
  StartTripRequestSchema,
  type Trip,
} from "@fanfare/contracts/trips/v1/trips";
import type { TripInput } from "@fanfare/trip-contract";
import { noSuchTrip, type Registry } from "../registry/store.ts";
import type { TripRow } from "../registry/tables.ts";
import { tripOf } from "../registry/trip-message.ts";
import type { Call, TripWorkflows } from "../temporal/trip-workflows.ts";

/** StartTripDeps are what starting a trip needs. */
export interface StartTripDeps {
  readonly registry: Registry;
  readonly workflows: TripWorkflows;
  /** How long a trip may be without a workflow before the sweeper starts it. */
  readonly sweepAfterMs: number;
}

/** StartTripCall is who starts a trip, and how long they wait for it. */
export interface StartTripCall extends Call {
  readonly riderId: string;
}

/**
 * startTrip writes the trip down, starts its workflow and answers the trip once it is ACTIVE, or
 * throws the refusal that undid it. When the call may not take that long, or Temporal is away, it
 * answers the trip as it is by then. Repeated, it gives the same answer and starts nothing.
 */
export async function startTrip(
  request: StartTripRequest,
  call: StartTripCall,
  { registry, workflows, sweepAfterMs }: StartTripDeps,
): Promise<Trip> {
  // The registry comes first: from here on the trip is known, and when nothing below happens the
  // sweeper starts its workflow.
  const requested = await registry.request({
    tripId: request.tripId,
    riderId: call.riderId,
    vehicleId: request.vehicleId,
    paymentMethod: request.paymentMethod,
    requestHash: hashOf(request, call.riderId),
    requestedAt: new Date(),
    sweepAfterMs,
  });
  if (!isUndecided(requested)) return answerOf(requested);

  // The workflow says when, the registry says what: each status was recorded before the workflow
  // answers, so that whatever this call hears or misses, the answer is the one that a repeated call
  // gets.
  await workflows.start(inputOf(requested), call);
  const trip = await registry.find(requested.trip_id);
  if (trip === undefined) throw noSuchTrip(requested.trip_id);
  return answerOf(trip);
}

/** inputOf is what the workflow of a trip is started with. */
export function inputOf(trip: TripRow): TripInput {
  return {
    tripId: trip.trip_id,
    riderId: trip.rider_id,
    vehicleId: trip.vehicle_id,
    paymentMethod: trip.payment_method,
    requestedAt: trip.requested_at.toISOString(),
  };
}

function isUndecided({ status }: TripRow): boolean {
  return status === "REQUESTED" || status === "PENDING" || status === "COMPENSATING";
}

function answerOf(trip: TripRow): Trip {
  if (trip.status === "CANCELLED" && trip.refusal_code !== null) {
    const code = codeFromString(trip.refusal_code) ?? Code.FailedPrecondition;
    throw new ConnectError(trip.refusal_message ?? "the trip was refused", code);
  }
  return tripOf(trip);
}

// Of the bytes without what this version does not know: a field added to the request later leaves
// the hash of requests that do not use it as it is.
function hashOf(request: StartTripRequest, riderId: string): string {
  const contents = clone(StartTripRequestSchema, request);
  contents.tripId = "";
  return createHash("sha256")
    .update(toBinary(StartTripRequestSchema, contents, { writeUnknownFields: false }))
    .update(riderId)
    .digest("base64url");
}

// The first code of a trip: it follows proto/trips/v1/trips.proto, and calls the trip's workflow by
// temporal/temporal-trip-workflows.ts.
import { createHash } from "node:crypto";
import { clone, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import {
  CancellationCause,
  type StartTripRequest,
  StartTripRequestSchema,
} from "@fanfare/contracts/trips/v1/trips";
import { findCancellationCause } from "../registry/cancellation-cause.ts";
import { createTripNotFoundError } from "../registry/registry-errors.ts";
import type { TripRow } from "../registry/tables.ts";
import { createTripInput } from "../registry/trip-input.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import type { CallOptions, TripWorkflows } from "../temporal/trip-workflows.ts";
import { explainToRider } from "./rider-trip.ts";

/** The dependencies of `startTrip`. */
export interface StartTripDeps {
  readonly registry: TripRegistry;
  readonly workflows: TripWorkflows;
  /** The time in milliseconds after which the reconciler starts the trip's workflow. */
  readonly reconcileAfterMs: number;
}

/** The rider who starts a trip, and how long the call may take. */
export interface StartTripCall extends CallOptions {
  readonly riderId: string;
}

/**
 * Records the trip, starts its workflow and returns the trip once it is ACTIVE. Throws the refusal that
 * caused its compensation. Returns the trip as it is when that takes longer than the call may, or when
 * Temporal is unavailable. A repeated call has the same result and starts nothing.
 */
export async function startTrip(
  request: StartTripRequest,
  call: StartTripCall,
  { registry, workflows, reconcileAfterMs }: StartTripDeps,
): Promise<TripRow> {
  // The registry comes first. If nothing below happens, the reconciler starts the workflow.
  const requested = await registry.request({
    tripId: request.tripId,
    riderId: call.riderId,
    vehicleId: request.vehicleId,
    paymentMethod: request.paymentMethod,
    tariffId: request.tariffId,
    requestHash: hashRequest(request, call.riderId),
    reconcileAfterMs,
  });
  if (!isUndecided(requested)) return returnOrThrow(requested);

  // The reply only says when to read the registry. Each status is recorded before the workflow
  // replies, so a call whose reply was lost returns what a repeated call returns.
  await workflows.start(createTripInput(requested), call);
  const trip = await registry.find(requested.trip_id);
  if (trip === undefined) throw createTripNotFoundError(requested.trip_id);
  return returnOrThrow(trip);
}

function isUndecided({ status }: TripRow): boolean {
  return status === "REQUESTED" || status === "PENDING" || status === "COMPENSATING";
}

function returnOrThrow(trip: TripRow): TripRow {
  if (trip.status !== "CANCELLED" || trip.refusal_code === null) return trip;
  const cause = findCancellationCause(trip);
  // The code of a fault is a matter between services, such as permission_denied, and its text is for the log.
  if (cause === CancellationCause.FAULT) {
    const text = `${trip.refusal_step} was refused with ${trip.refusal_code}: ${trip.refusal_message}`;
    throw new ConnectError(explainToRider(cause), Code.Internal, undefined, undefined, text);
  }
  throw new ConnectError(
    explainToRider(cause),
    codeFromString(trip.refusal_code) ?? Code.FailedPrecondition,
  );
}

// Hashes the binary form without unknown fields: a field that is added to the request later does not
// change the hash of requests that do not set it.
function hashRequest(request: StartTripRequest, riderId: string): string {
  const contents = clone(StartTripRequestSchema, request);
  contents.tripId = "";
  return createHash("sha256")
    .update(toBinary(StartTripRequestSchema, contents, { writeUnknownFields: false }))
    .update(riderId)
    .digest("base64url");
}

import { Broadcast_State } from "@fanfare/contracts/trips/v1/operator_trip";
import { type GetTripRecordResponse } from "@fanfare/contracts/trips/v1/trip_registry";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import type { Cancellation, TripRecord } from "../trip-activities.ts";
import { fromMoney, fromTimestamp } from "./plain-json.ts";

/** Converts what the registry has of a trip to plain JSON. */
export function toRecord(record: GetTripRecordResponse): TripRecord {
  const { trip, latestVersion, compensation, resolvedSteps } = record;
  if (trip === undefined) throw new Error("the answer has no trip");
  const { startedAt, endRequestedAt, settled } = trip;
  return {
    latestVersion: Number(latestVersion),
    resolvedSteps,
    ended: trip.endedAt !== undefined,
    published: trip.broadcast?.state === Broadcast_State.PUBLISHED,
    parked: trip.status === TripStatus.NEEDS_ATTENTION || trip.reason !== "",
    delayed: trip.delayedStep !== "",
    ...(startedAt && { startedAt: fromTimestamp(startedAt, "start of the drive") }),
    ...(endRequestedAt && { endRequestedAt: fromTimestamp(endRequestedAt, "request to end") }),
    ...(settled && { settled: fromMoney(settled, "captured amount") }),
    ...(compensation && { compensation: toCancellation(compensation) }),
  };
}

function toCancellation({
  reason,
  refusal,
}: NonNullable<GetTripRecordResponse["compensation"]>): Cancellation {
  if (refusal === undefined) return { reason };
  const { code, message, step } = refusal;
  return { reason, refusal: { code, message, step } };
}

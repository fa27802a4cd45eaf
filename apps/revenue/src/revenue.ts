import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { BusError } from "@fanfare/bus";
import type { TripCompleted } from "@fanfare/contracts/trips/v1/trip_events";
import type { NewRevenue } from "./store.ts";

/**
 * computeRevenue tells what a completed trip brought in: what was captured, on the day it ended, UTC.
 * BusError `permanent` for an event that lacks what it must have.
 */
export function computeRevenue(trip: TripCompleted): NewRevenue {
  const { startedAt, endedAt, settled } = trip;
  if (!startedAt || !endedAt || !settled) {
    throw new BusError(
      "permanent",
      `TripCompleted of trip ${trip.tripId} lacks started_at, ended_at or settled`,
    );
  }
  return {
    tripId: trip.tripId,
    vehicleId: trip.vehicleId,
    minorUnits: settled.minorUnits,
    currency: settled.currency,
    day: timestampDate(endedAt).toISOString().slice(0, 10),
    drivenSeconds: secondsBetween(startedAt, endedAt),
  };
}

/** Whole seconds, rounded down. */
function secondsBetween(from: Timestamp, to: Timestamp): bigint {
  const whole = to.seconds - from.seconds;
  return to.nanos < from.nanos ? whole - 1n : whole;
}

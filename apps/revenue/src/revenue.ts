import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { PermanentError } from "@fanfare/bus";
import type { TripCompleted } from "@fanfare/contracts/trips/v1/trip_events";
import type { NewRevenue } from "./store.ts";

/**
 * Returns the revenue of a completed trip: the captured amount, for the day on which the trip ended, in
 * UTC. Throws a PermanentError when the event lacks a timestamp or the amount.
 */
export function computeRevenue(trip: TripCompleted): NewRevenue {
  const { startedAt, endedAt, settled } = trip;
  if (!startedAt || !endedAt || !settled) {
    throw new PermanentError(
      `expected started_at, ended_at and settled in TripCompleted of trip ${trip.tripId}: correct its publisher`,
    );
  }
  return {
    tripId: trip.tripId,
    vehicleId: trip.vehicleId,
    minorUnits: settled.minorUnits,
    currency: settled.currency,
    day: timestampDate(endedAt).toISOString().slice(0, 10),
    drivenSeconds: countSeconds(startedAt, endedAt),
  };
}

/** Returns whole seconds, rounded down. */
function countSeconds(from: Timestamp, to: Timestamp): bigint {
  const whole = to.seconds - from.seconds;
  return to.nanos < from.nanos ? whole - 1n : whole;
}

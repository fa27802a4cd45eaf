import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { PermanentError } from "@fanfare/bus";
import type { TripRefunded } from "@fanfare/contracts/trips/v1/refund_events";
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
    day: formatDay(endedAt),
    trips: 1n,
    drivenSeconds: countSeconds(startedAt, endedAt),
  };
}

/**
 * Returns the revenue of a refund: the refunded amount, negative, for the day of the refund, in UTC. Throws a
 * PermanentError when the event lacks the time or the amount.
 */
export function computeRefund({
  tripId,
  vehicleId,
  refunded,
  refundedAt,
}: TripRefunded): NewRevenue {
  if (!refunded || !refundedAt) {
    throw new PermanentError(
      `expected refunded and refunded_at in TripRefunded of trip ${tripId}: correct its publisher`,
    );
  }
  return {
    tripId,
    vehicleId,
    minorUnits: -refunded.minorUnits,
    currency: refunded.currency,
    day: formatDay(refundedAt),
    trips: 0n,
    drivenSeconds: 0n,
  };
}

function formatDay(time: Timestamp): string {
  return timestampDate(time).toISOString().slice(0, 10);
}

/** Returns whole seconds, rounded down. */
function countSeconds(from: Timestamp, to: Timestamp): bigint {
  const whole = to.seconds - from.seconds;
  return to.nanos < from.nanos ? whole - 1n : whole;
}

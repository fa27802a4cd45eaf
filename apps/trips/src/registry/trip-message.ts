import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Money, MoneySchema } from "@fanfare/contracts/money/v1/money";
import {
  type Broadcast,
  Broadcast_State,
  BroadcastSchema,
  type OperatorTrip,
  OperatorTripSchema,
} from "@fanfare/contracts/trips/v1/operator_trip";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { toTariffMessage } from "../tariffs/tariff-message.ts";
import { findCancellationCause } from "./cancellation-cause.ts";
import { getTariff } from "./fare.ts";
import { type TripRow, type TripStatusName, tripStatuses } from "./tables.ts";

/** Converts a row of the registry to the message with everything that it has. */
export function toOperatorTrip(row: TripRow): OperatorTrip {
  return create(OperatorTripSchema, {
    tripId: row.trip_id,
    riderId: row.rider_id,
    vehicleId: row.vehicle_id,
    paymentMethod: row.payment_method,
    status: TripStatus[row.status],
    version: BigInt(row.version),
    requestedAt: timestampFromDate(row.requested_at),
    reason: row.reason ?? "",
    delayedStep: row.delayed_step ?? "",
    decision: row.decision ?? "",
    startedAt: toTimestamp(row.started_at),
    endRequestedAt: toTimestamp(row.stop_kind === "END" ? row.stop_requested_at : null),
    cancelRequestedAt: toTimestamp(row.stop_kind === "CANCEL" ? row.stop_requested_at : null),
    endedAt: toTimestamp(row.ended_at),
    fare: toMoney(row.fare, row.currency),
    settled: toMoney(row.settled, row.currency),
    refunded: toMoney(row.refunded, row.currency),
    broadcast: toBroadcast(row),
    tariff: toTariffMessage(getTariff(row)),
    cancellationCause: findCancellationCause(row),
  });
}

/** Returns whether the trip is final: CANCELLED, or SETTLED and its TripCompleted published. */
export function isFinal(trip: OperatorTrip): boolean {
  return (
    trip.status === TripStatus.CANCELLED ||
    (trip.status === TripStatus.SETTLED && trip.broadcast?.state === Broadcast_State.PUBLISHED)
  );
}

/** Returns the name of a status as the registry stores it; undefined for the unspecified one. */
export function toStatusName(status: TripStatus): TripStatusName | undefined {
  return tripStatuses.find((name) => TripStatus[name] === status);
}

function toTimestamp(date: Date | null): Timestamp | undefined {
  return date === null ? undefined : timestampFromDate(date);
}

function toMoney(minorUnits: string | null, currency: string | null): Money | undefined {
  if (minorUnits === null || currency === null) return undefined;
  return create(MoneySchema, { minorUnits: BigInt(minorUnits), currency });
}

function toBroadcast(row: TripRow): Broadcast | undefined {
  if (row.broadcast === null) return undefined;
  return create(BroadcastSchema, {
    state: Broadcast_State[row.broadcast],
    error: row.broadcast_error ?? "",
    publishedAt: toTimestamp(row.published_at),
  });
}

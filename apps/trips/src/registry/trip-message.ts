import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Money, MoneySchema } from "@fanfare/contracts/money/v1/money";
import {
  type Broadcast,
  Broadcast_State,
  BroadcastSchema,
  type Trip,
  TripSchema,
  TripStatus,
} from "@fanfare/contracts/trips/v1/trips";
import { type TripRow, type TripStatusName, tripStatuses } from "./tables.ts";

/** tripOf is a row of the registry as the API tells it. */
export function tripOf(row: TripRow): Trip {
  return create(TripSchema, {
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
    startedAt: timestampOf(row.started_at),
    endedAt: timestampOf(row.ended_at),
    fare: moneyOf(row.fare, row.currency),
    settled: moneyOf(row.settled, row.currency),
    broadcast: broadcastOf(row),
  });
}

/** isOver: nothing will change any more, the broadcast is out or there is none to come. */
export function isOver(trip: Trip): boolean {
  return (
    trip.status === TripStatus.CANCELLED ||
    (trip.status === TripStatus.SETTLED && trip.broadcast?.state === Broadcast_State.PUBLISHED)
  );
}

/** statusName is undefined for an unspecified status. */
export function statusName(status: TripStatus): TripStatusName | undefined {
  return tripStatuses.find((name) => TripStatus[name] === status);
}

function timestampOf(date: Date | null): Timestamp | undefined {
  return date === null ? undefined : timestampFromDate(date);
}

function moneyOf(minorUnits: string | null, currency: string | null): Money | undefined {
  if (minorUnits === null || currency === null) return undefined;
  return create(MoneySchema, { minorUnits: BigInt(minorUnits), currency });
}

function broadcastOf(row: TripRow): Broadcast | undefined {
  if (row.broadcast === null) return undefined;
  return create(BroadcastSchema, {
    state: Broadcast_State[row.broadcast],
    error: row.broadcast_error ?? "",
    publishedAt: timestampOf(row.published_at),
  });
}

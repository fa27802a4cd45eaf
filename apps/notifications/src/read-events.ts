import { durationMs, timestampDate } from "@bufbuild/protobuf/wkt";
import { PermanentError } from "@fanfare/bus";
import type { TripCompleted } from "@fanfare/contracts/trips/v1/trip_events";
import type { Amount } from "./receipt/format-money.ts";
import type { ReceiptTrip } from "./receipt/receipt-items.ts";

/**
 * Returns what a receipt shows of a completed trip. Throws a PermanentError when the event lacks a timestamp or an
 * amount, or has amounts in two currencies, which no lines could sum.
 */
export function readTrip(trip: TripCompleted): ReceiptTrip {
  const { tripId, vehicleId, startedAt, endedAt, unlockFee, fare, settled } = trip;
  if (!startedAt || !endedAt || !unlockFee || !fare || !settled) {
    throw new PermanentError(
      `expected started_at, ended_at and all amounts in TripCompleted of trip ${tripId}: correct its publisher`,
    );
  }
  assertOneCurrency(`TripCompleted of trip ${tripId}`, [settled, unlockFee, fare]);
  const { count, increment, price } = trip.chargedIncrements ?? {};
  return {
    vehicleId,
    startedAt: timestampDate(startedAt),
    endedAt: timestampDate(endedAt),
    unlockFee,
    fare,
    settled,
    ...(count !== undefined && increment !== undefined && price !== undefined
      ? { charge: { count, incrementMs: durationMs(increment), price } }
      : {}),
  };
}

/** Throws a PermanentError unless all amounts of an event are in one currency. */
function assertOneCurrency(event: string, amounts: readonly Amount[]): void {
  const currencies = [...new Set(amounts.map(({ currency }) => currency))];
  if (currencies.length === 1) return;
  throw new PermanentError(
    `expected all amounts of ${event} in one currency, got ${currencies.join(", ")}: correct its publisher`,
  );
}

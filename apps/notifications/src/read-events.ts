import { durationMs, timestampDate } from "@bufbuild/protobuf/wkt";
import { PermanentError } from "@fanfare/bus";
import type { TripRefunded } from "@fanfare/contracts/trips/v1/refund_events";
import type { TripCompleted } from "@fanfare/contracts/trips/v1/trip_events";
import type { Amount } from "./receipt/format-money.ts";
import type { ReceiptRefund, ReceiptTrip } from "./receipt/receipt-items.ts";

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

/** A refund as its event has it. */
export interface ReadRefund extends ReceiptRefund {
  /** What the refunds before it returned, in the minor unit of the currency. */
  readonly totalBefore: bigint;
  /** The captured amount of the trip, before its refunds. */
  readonly settled: Amount;
}

/**
 * Returns what a receipt shows of a refund. Throws a PermanentError when the event lacks the time or an amount, has
 * amounts in two currencies, or refunds nothing.
 */
export function readRefund(refund: TripRefunded): ReadRefund {
  const { tripId, refundId, refunded, totalRefunded, settled, refundedAt } = refund;
  const event = `TripRefunded ${refundId} of trip ${tripId}`;
  if (!refunded || !totalRefunded || !settled || !refundedAt || refunded.minorUnits <= 0n) {
    throw new PermanentError(
      `expected refunded_at and all amounts in ${event}, and a refund above 0: correct its publisher`,
    );
  }
  assertOneCurrency(event, [settled, refunded, totalRefunded]);
  return {
    refundedAt: timestampDate(refundedAt),
    refunded,
    totalBefore: totalRefunded.minorUnits - refunded.minorUnits,
    settled,
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

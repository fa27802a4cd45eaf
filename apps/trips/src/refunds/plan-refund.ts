import { Code, ConnectError } from "@connectrpc/connect";
import type { Money } from "@fanfare/contracts/money/v1/money";
import type { TripRow } from "../registry/tables.ts";
import { formatAmount, type RefundAmount } from "./format-amount.ts";

/**
 * Returns the amount of a refund: that which is asked for, or everything that is left. `reserved` is the sum of
 * the refunds that were made or are being made. Throws failed_precondition when the trip is not SETTLED or nothing is
 * left, invalid_argument for another currency and an amount that is not above zero, and out_of_range for
 * more than what is left.
 */
export function planRefund(
  trip: Pick<TripRow, "trip_id" | "status" | "settled" | "currency">,
  reserved: bigint,
  asked: Money | undefined,
): RefundAmount {
  const { trip_id: tripId, status, settled, currency } = trip;
  if (status !== "SETTLED" || settled === null || currency === null) {
    throw new ConnectError(
      `trip ${tripId} is ${status}: only a SETTLED trip can be refunded`,
      Code.FailedPrecondition,
    );
  }
  const left = BigInt(settled) - reserved;
  const format = (minorUnits: bigint | string) =>
    formatAmount({ minorUnits: BigInt(minorUnits), currency });
  if (asked !== undefined && asked.currency !== currency) {
    throw new ConnectError(
      `trip ${tripId} is settled in ${currency}, the refund is in ${asked.currency}: refund in ${currency}`,
      Code.InvalidArgument,
    );
  }
  if (asked !== undefined && asked.minorUnits <= 0n) {
    throw new ConnectError(
      `amount is ${asked.minorUnits}: send an amount above zero, in minor units of ${currency}`,
      Code.InvalidArgument,
    );
  }
  if (left === 0n) {
    throw new ConnectError(
      `nothing of trip ${tripId} is left to refund: it was settled with ${format(settled)}`,
      Code.FailedPrecondition,
    );
  }
  if (asked !== undefined && asked.minorUnits > left) {
    throw new ConnectError(
      `the refund of ${format(asked.minorUnits)} exceeds what is settled and not refunded: refund at most ${format(left)}`,
      Code.OutOfRange,
    );
  }
  return { minorUnits: asked?.minorUnits ?? left, currency };
}

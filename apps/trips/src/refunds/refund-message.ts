import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { MoneySchema } from "@fanfare/contracts/money/v1/money";
import {
  type TripRefund,
  TripRefund_State,
  TripRefundSchema,
} from "@fanfare/contracts/trips/v1/trip_refund";
import type { RefundRow } from "../registry/tables.ts";

/** Converts a row to the message that the API returns. */
export function toRefund(row: RefundRow): TripRefund {
  const toMoney = (minorUnits: string) =>
    create(MoneySchema, { minorUnits: BigInt(minorUnits), currency: row.currency });
  return create(TripRefundSchema, {
    refundId: row.refund_id,
    amount: toMoney(row.minor_units),
    state: TripRefund_State[row.state],
    refusal: row.refusal ?? "",
    requestedAt: timestampFromDate(row.requested_at),
    ...(row.refunded_at === null ? {} : { refundedAt: timestampFromDate(row.refunded_at) }),
    ...(row.total_refunded === null ? {} : { totalRefunded: toMoney(row.total_refunded) }),
  });
}

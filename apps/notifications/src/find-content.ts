import { fromJsonString } from "@bufbuild/protobuf";
import { TripRefundedSchema } from "@fanfare/contracts/trips/v1/refund_events";
import { TripCompletedSchema } from "@fanfare/contracts/trips/v1/trip_events";
import type { Transaction } from "kysely";
import { type ReadRefund, readRefund, readTrip } from "./read-events.ts";
import type { ReceiptTrip } from "./receipt/receipt-items.ts";
import type { ReceiptContent } from "./receipt/write-receipt.ts";
import { listReceiptEvents } from "./store.ts";
import type { DraftRow, NotificationsDatabase } from "./tables.ts";

/**
 * Returns what the receipt of a draft is about; undefined when the refund of the draft has a receipt. Throws when the
 * receipt of the trip, or of a refund before this one, is not written yet: events of trips and of refunds arrive in
 * any order.
 */
export async function findContent(
  tx: Transaction<NotificationsDatabase>,
  { trip_id: tripId, refund_id: refundId, event }: DraftRow,
): Promise<ReceiptContent | undefined> {
  if (refundId === null) return { tripId, charged: parseTrip(event), refunds: [] };
  const refund = parseRefund(event);
  const receipts = await listReceiptEvents(tx, tripId);
  if (receipts.some((one) => one.refund_id === refundId)) return undefined;
  const first = receipts.find((one) => one.refund_id === null);
  if (first === undefined) {
    throw new Error(
      `the receipt of trip ${tripId} is not written yet: refund ${refundId} waits for it`,
    );
  }
  const earlier = receipts.flatMap((one) =>
    one.refund_id === null || one.event === null ? [] : parseRefund(one.event),
  );
  const total = earlier.reduce((sum, { refunded }) => sum + refunded.minorUnits, 0n);
  if (total !== refund.totalBefore) {
    throw new Error(
      `expected refunds of ${refund.totalBefore} before refund ${refundId} of trip ${tripId}, got ${total}: ` +
        "it waits for their receipts",
    );
  }
  const charged = first.event === null ? refund.settled : parseTrip(first.event);
  return { tripId, charged, refunds: [...earlier, refund] };
}

function parseTrip(event: string): ReceiptTrip {
  return readTrip(fromJsonString(TripCompletedSchema, event, { ignoreUnknownFields: true }));
}

function parseRefund(event: string): ReadRefund {
  return readRefund(fromJsonString(TripRefundedSchema, event, { ignoreUnknownFields: true }));
}

import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Receipt, ReceiptSchema } from "@fanfare/contracts/notifications/v1/notifications";
import type { ReceiptRow } from "./tables.ts";

/** Converts a receipt to the message that the API returns. */
export function toReceipt(row: ReceiptRow): Receipt {
  return create(ReceiptSchema, {
    tripId: row.trip_id,
    riderId: row.rider_id,
    subject: row.subject,
    text: row.text,
    createdAt: timestampFromDate(row.created_at),
    ...(row.sent_at ? { sentAt: timestampFromDate(row.sent_at) } : {}),
  });
}

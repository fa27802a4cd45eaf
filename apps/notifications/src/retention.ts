import type { RetainedTable } from "@fanfare/reactor";
import { defineRetentionVariable } from "@fanfare/service";
import { sql } from "kysely";

/** The receipts. One that is not sent stays until it is, and all of a trip while another one of it is written. */
export const retained: readonly RetainedTable[] = [
  {
    table: "receipts",
    key: ["id"],
    since: "created_at",
    inUse: sql<boolean>`(
      sent_at is null
      or exists (select from receipt_drafts draft where draft.trip_id = receipts.trip_id)
    )`,
    // Bookkeeping keeps receipts, and the receipt of a refund repeats the earlier ones of its trip.
    retention: defineRetentionVariable("RECEIPT_RETENTION_DAYS", {
      about: "Receipts that were sent",
      days: "never",
    }),
  },
];

import { type Kysely, sql } from "kysely";
import { inMs } from "./in-ms.ts";
import type { NotificationsDatabase, ReceiptRow } from "./tables.ts";

/** A receipt before it is stored. */
export type NewReceipt = Pick<
  ReceiptRow,
  "trip_id" | "rider_id" | "refund_id" | "event" | "subject" | "text"
>;

/**
 * Stores a receipt that is to be sent at once. A trip may get two without a refund; of a refund, one is stored.
 */
export async function addReceipt(
  db: Kysely<NotificationsDatabase>,
  receipt: NewReceipt,
): Promise<void> {
  await db
    .insertInto("receipts")
    .values(receipt)
    .onConflict((conflict) => conflict.columns(["trip_id", "refund_id"]).doNothing())
    .execute();
}

/** Returns the events that the receipts of a trip were written from. A trip has 1,000 refunds at most. */
export function listReceiptEvents(
  db: Kysely<NotificationsDatabase>,
  tripId: string,
): Promise<Pick<ReceiptRow, "refund_id" | "event">[]> {
  return db
    .selectFrom("receipts")
    .select(["refund_id", "event"])
    .where("trip_id", "=", tripId)
    .orderBy("id")
    .execute();
}

/** Returns the receipts of a trip, oldest first, at most 100. With a `riderId`, only that rider's. */
export function listReceipts(
  db: Kysely<NotificationsDatabase>,
  tripId: string,
  riderId: string | undefined,
): Promise<ReceiptRow[]> {
  let query = db
    .selectFrom("receipts")
    .where("trip_id", "=", tripId)
    .orderBy("id")
    .limit(100)
    .selectAll();
  if (riderId !== undefined) query = query.where("rider_id", "=", riderId);
  return query.execute();
}

/**
 * Leases up to `limit` receipts that are due, and counts an attempt for each. No other process gets
 * them for `leaseDurationMs`; then they are due again, unless they were marked as sent.
 */
export function leaseDueReceipts(
  db: Kysely<NotificationsDatabase>,
  { limit, leaseDurationMs }: { readonly limit: number; readonly leaseDurationMs: number },
): Promise<ReceiptRow[]> {
  // Not `id in (select ...)`: a plan may run that select again and lock more rows than the limit.
  return db
    .with(
      (cte) => cte("due").materialized(),
      (query) =>
        query
          .selectFrom("receipts")
          .where("sent_at", "is", null)
          .where("due_at", "<=", sql<Date>`now()`)
          .orderBy("due_at")
          .limit(limit)
          .forUpdate()
          .skipLocked()
          .select("id"),
    )
    .updateTable("receipts")
    .from("due")
    .whereRef("receipts.id", "=", "due.id")
    .set((eb) => ({ attempts: eb("receipts.attempts", "+", 1), due_at: inMs(leaseDurationMs) }))
    .returningAll("receipts")
    .execute();
}

/** Marks a receipt as sent. */
export async function markSent(db: Kysely<NotificationsDatabase>, id: string): Promise<void> {
  await db
    .updateTable("receipts")
    .where("id", "=", id)
    .set({ sent_at: sql<Date>`now()`, last_error: null })
    .execute();
}

/** Stores why a receipt was not sent, and makes it due again in `delayMs`. */
export async function markFailed(
  db: Kysely<NotificationsDatabase>,
  id: string,
  failure: { readonly error: string; readonly delayMs: number },
): Promise<void> {
  await db
    .updateTable("receipts")
    .where("id", "=", id)
    .where("sent_at", "is", null)
    .set({ last_error: failure.error, due_at: inMs(failure.delayMs) })
    .execute();
}

import { type Kysely, sql } from "kysely";
import type { NotificationsDatabase, ReceiptRow } from "./tables.ts";

/** NewReceipt is a receipt as it is written, before it is sent. */
export interface NewReceipt {
  readonly tripId: string;
  readonly riderId: string;
  readonly subject: string;
  readonly text: string;
}

/** addReceipt appends a receipt that is due at once, whatever is there already. */
export async function addReceipt(
  db: Kysely<NotificationsDatabase>,
  receipt: NewReceipt,
): Promise<void> {
  await db
    .insertInto("receipts")
    .values({
      trip_id: receipt.tripId,
      rider_id: receipt.riderId,
      subject: receipt.subject,
      text: receipt.text,
    })
    .execute();
}

/** listReceipts lists a trip's receipts, only those of a rider where one is given; a hundred at most. */
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
 * claimDueReceipts takes up to `limit` receipts that are due and counts an attempt for each. Nobody
 * else gets them for `leaseDurationMs`, after which they are due again unless they were marked.
 */
export function claimDueReceipts(
  db: Kysely<NotificationsDatabase>,
  { limit, leaseDurationMs }: { readonly limit: number; readonly leaseDurationMs: number },
): Promise<ReceiptRow[]> {
  // Not as `id in (select ...)`: a plan may run such a select again, and lock more than the limit.
  return db
    .with("due", (query) =>
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

/** markSent ends the sending of a receipt. */
export async function markSent(db: Kysely<NotificationsDatabase>, id: string): Promise<void> {
  await db
    .updateTable("receipts")
    .where("id", "=", id)
    .set({ sent_at: sql<Date>`now()`, last_error: null })
    .execute();
}

/** markRefused makes a receipt due again in `delayMs` and keeps why. */
export async function markRefused(
  db: Kysely<NotificationsDatabase>,
  id: string,
  refusal: { readonly error: string; readonly delayMs: number },
): Promise<void> {
  await db
    .updateTable("receipts")
    .where("id", "=", id)
    .where("sent_at", "is", null)
    .set({ last_error: refusal.error, due_at: inMs(refusal.delayMs) })
    .execute();
}

function inMs(delayMs: number) {
  return sql<Date>`now() + ${delayMs} * interval '1 millisecond'`;
}

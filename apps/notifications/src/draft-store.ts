import { type Kysely, sql } from "kysely";
import { inMs } from "./in-ms.ts";
import type { DraftRow, NotificationsDatabase } from "./tables.ts";

/** A receipt before it is written. */
export type NewDraft = Pick<DraftRow, "trip_id" | "rider_id" | "refund_id" | "event">;

/** Stores a draft that is due at once, even when there is one already. */
export async function addDraft(db: Kysely<NotificationsDatabase>, draft: NewDraft): Promise<void> {
  await db.insertInto("receipt_drafts").values(draft).execute();
}

/**
 * Leases up to `limit` drafts that are due, and counts an attempt for each. No other process gets them for
 * `leaseDurationMs`; then they are due again, unless they were deleted.
 */
export function leaseDueDrafts(
  db: Kysely<NotificationsDatabase>,
  { limit, leaseDurationMs }: { readonly limit: number; readonly leaseDurationMs: number },
): Promise<DraftRow[]> {
  // Not `id in (select ...)`: a plan may run that select again and lock more rows than the limit.
  return db
    .with(
      (cte) => cte("due").materialized(),
      (query) =>
        query
          .selectFrom("receipt_drafts")
          .where("due_at", "<=", sql<Date>`now()`)
          .orderBy("due_at")
          .limit(limit)
          .forUpdate()
          .skipLocked()
          .select("id"),
    )
    .updateTable("receipt_drafts")
    .from("due")
    .whereRef("receipt_drafts.id", "=", "due.id")
    .set((eb) => ({
      attempts: eb("receipt_drafts.attempts", "+", 1),
      due_at: inMs(leaseDurationMs),
    }))
    .returningAll("receipt_drafts")
    .execute();
}

/** Deletes a draft. Returns whether it was still there. A transaction keeps others from deleting it. */
export async function deleteDraft(db: Kysely<NotificationsDatabase>, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("receipt_drafts")
    .where("id", "=", id)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Stores why a draft was not written, and makes it due again in `delayMs`. */
export async function markDraftFailed(
  db: Kysely<NotificationsDatabase>,
  id: string,
  failure: { readonly error: string; readonly delayMs: number },
): Promise<void> {
  await db
    .updateTable("receipt_drafts")
    .where("id", "=", id)
    .set({ last_error: failure.error, due_at: inMs(failure.delayMs) })
    .execute();
}

/** Makes the drafts of a trip due, which may wait for a receipt that is now written. */
export async function makeDraftsDue(
  db: Kysely<NotificationsDatabase>,
  tripId: string,
): Promise<void> {
  await db
    .updateTable("receipt_drafts")
    .where("trip_id", "=", tripId)
    .set({ due_at: sql<Date>`now()` })
    .execute();
}

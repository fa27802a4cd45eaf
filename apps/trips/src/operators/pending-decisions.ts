// The logged decisions on parked steps that no workflow has got yet.
import { type Kysely, sql } from "kysely";
import type { OperatorLogRow, TripsDatabase } from "../registry/tables.ts";

/** The time in milliseconds after which the reconciler delivers a decision that its call did not. */
const deliverAfterMs = 2_000;

/** Adds a decision, within the transaction that logs it. */
export async function addPendingDecision(
  tx: Kysely<TripsDatabase>,
  entryId: string,
): Promise<void> {
  const deliverAt = sql<Date>`now() + ${deliverAfterMs} * interval '1 millisecond'`;
  await tx
    .insertInto("pending_decisions")
    .values({ entry_id: entryId, deliver_at: deliverAt })
    .execute();
}

/**
 * Claims up to `limit` decisions that are due, in one statement. Several processes divide them. Each claim
 * doubles the time until the next one, from 1 s to 10 s.
 */
export async function claimPendingDecisions(
  db: Kysely<TripsDatabase>,
  limit: number,
): Promise<OperatorLogRow[]> {
  const { rows } = await sql<OperatorLogRow>`
    with due as materialized (
      select entry_id from pending_decisions where deliver_at <= now()
      order by deliver_at limit ${limit} for update skip locked
    )
    update pending_decisions pending
    set deliver_at = now() + least(10, 2 ^ least(deliveries, 4)) * interval '1 second',
      deliveries = deliveries + 1
    from due join operator_log log using (entry_id)
    where pending.entry_id = due.entry_id
    returning log.*`.execute(db);
  return rows;
}

/** Removes a decision that is delivered, or never will be. */
export async function removePendingDecision(
  db: Kysely<TripsDatabase>,
  entryId: string,
): Promise<void> {
  await db.deleteFrom("pending_decisions").where("entry_id", "=", entryId).execute();
}

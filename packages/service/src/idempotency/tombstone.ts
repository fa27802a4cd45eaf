import type { Transaction } from "kysely";
import { sql } from "kysely";

/**
 * Refuses every later call under an idempotency key, for good, and waits for a call that is running under
 * it. Call it first in the transaction of a compensation: what follows sees either the effect of the call,
 * or that it can no longer happen. It may be repeated, and the key may be unknown.
 *
 * @example
 * await db.transaction().execute(async (tx) => {
 *   await tombstone(tx, readIdempotencyKey(context));
 *   await tx.deleteFrom("notes").where("id", "=", noteId).execute();
 * });
 */
export async function tombstone<DB>(tx: Transaction<DB>, key: string): Promise<void> {
  await sql`
    insert into idempotency_keys as known (key, tombstoned_at) values (${key}, now())
    on conflict (key) do update set tombstoned_at = coalesce(known.tombstoned_at, now())`.execute(
    tx,
  );
  // The key can be pruned, the tombstone stays.
  await sql`insert into idempotency_tombstones (key) values (${key}) on conflict do nothing`.execute(
    tx,
  );
}

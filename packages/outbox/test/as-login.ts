import { type Kysely, sql, type Transaction } from "kysely";

/**
 * Runs `work` in a transaction as the login itself, not as the role that it acts as: only the login may read the
 * states of its sessions and end them.
 */
export async function asLogin<DB, T>(
  db: Kysely<DB>,
  work: (tx: Transaction<DB>) => Promise<T>,
): Promise<T> {
  return await db.transaction().execute(async (tx) => {
    await sql`set local role none`.execute(tx);
    return await work(tx);
  });
}

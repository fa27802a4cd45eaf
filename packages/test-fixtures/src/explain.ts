import { type Kysely, type RawBuilder, sql } from "kysely";

/**
 * Returns the plan of a query as one text. It uses an index where there is one: PostgreSQL reads the small tables of
 * tests as a whole otherwise.
 */
export async function explain<DB>(db: Kysely<DB>, query: RawBuilder<unknown>): Promise<string> {
  return await db.transaction().execute(async (tx) => {
    await sql`set local enable_seqscan = off`.execute(tx);
    const { rows } = await sql`explain ${query}`.execute(tx);
    return JSON.stringify(rows);
  });
}

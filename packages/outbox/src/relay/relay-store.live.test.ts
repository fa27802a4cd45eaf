import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql, type Transaction } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NotesDatabase, openNotes } from "../../test/notes.ts";
import { lockPartitions, readRows } from "./relay-store.ts";

describe("a batch of the relay", { timeout: 60_000 }, () => {
  let server: Postgres;
  let db: Kysely<NotesDatabase>;
  beforeAll(async () => {
    server = await startPostgres();
    db = await openNotes(await server.createDatabase("notes"));
  }, 60_000);
  afterAll(async () => {
    await db?.destroy();
    await server?.stop();
  }, 60_000);

  it("finds its partitions and its events in the index, however much waits", async () => {
    await sql`
      insert into outbox (topic, event_id, partition, type, data, headers, event_time)
      select 'notes.written', number::text, number & 15, 'a.Note', '\\x', '{}', now()
      from generate_series(1, 20000) as number`.execute(db);
    await sql`analyze outbox`.execute(db);
    await db.transaction().execute(async (tx) => {
      const before = await readSoFar(tx);
      const places = await lockPartitions(tx, {
        topics: ["notes.written", "x"],
        leaseDurationMs: 10_000,
      });
      const rows = await readRows(tx, { places, each: 10 });
      expect(rows).toHaveLength(10 * places.length);
      const after = await readSoFar(tx);
      expect(after.scans - before.scans).toBe(0);
      expect(after.rows - before.rows).toBeLessThan(1_000);
    });
  });
});

/** What this connection has read of the outbox: scans of the whole, and rows. */
async function readSoFar(tx: Transaction<NotesDatabase>) {
  const { rows } = await sql<{ scans: number; rows: number }>`
    select seq_scan::int as scans, (seq_tup_read + idx_tup_fetch)::int as rows
    from pg_stat_xact_user_tables where relname = 'outbox'`.execute(tx);
  const [row] = rows;
  if (row === undefined) throw new Error("there is no table outbox");
  return row;
}

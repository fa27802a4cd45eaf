import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql, type Transaction } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NotesDatabase, openNotes } from "../../test/notes.ts";
import { lockWaitingPartitions, wholeScan } from "../../test/relay-lab.ts";
import { claimEvents } from "./relay-store.ts";

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

  it("reads partitions and events from the index, however many events wait", async () => {
    await sql`
      insert into outbox (topic, event_id, partition, type, data, headers, event_time)
      select 'notes.written', number::text, number & 15, 'a.Note', '\\x', '{}', now()
      from generate_series(1, 20000) as number`.execute(db);
    await sql`analyze outbox`.execute(db);
    await db.transaction().execute(async (tx) => {
      const before = await readStatistics(tx);
      expect(await lockWaitingPartitions(tx)).toHaveLength(4);
      const { events, kept, cut } = await claimEvents(tx, { plan: wholeScan, limit: 10 });
      const sequences = Array.from({ length: 160 }, (_, index) => String(index + 1));
      expect(events.map(({ sequence }) => sequence)).toEqual(sequences);
      expect({ kept, cut }).toEqual({ kept: 0, cut: false });
      const after = await readStatistics(tx);
      expect(after.scans - before.scans).toBe(0);
      expect(after.rows - before.rows).toBeLessThan(1_000);
    });
  });

  it("claims no more events than fit into the memory of a process", async () => {
    await sql`truncate outbox`.execute(db);
    await sql`
      insert into outbox (topic, event_id, partition, type, data, headers, event_time)
      select 'notes.written', number::text, number & 15, 'a.Note',
        decode(repeat('00', 1000000), 'hex'), '{}', now()
      from generate_series(1, 40) as number`.execute(db);
    const { events, kept, cut } = await db
      .transaction()
      .execute((tx) => claimEvents(tx, { plan: wholeScan, limit: 10 }));
    expect(events.map(({ id }) => Number(id))).toEqual(
      Array.from({ length: 17 }, (_, at) => at + 1),
    );
    expect({ kept, cut }).toEqual({ kept: 0, cut: true });
  });
});

/** Returns how many table scans and rows this connection has read of the outbox. */
async function readStatistics(tx: Transaction<NotesDatabase>) {
  const { rows } = await sql<{ scans: number; rows: number }>`
    select seq_scan::int as scans, (seq_tup_read + idx_tup_fetch)::int as rows
    from pg_stat_xact_user_tables where relname = 'outbox'`.execute(tx);
  const [row] = rows;
  if (row === undefined) throw new Error("no statistics of the table outbox");
  return row;
}

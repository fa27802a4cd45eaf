import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { type Kysely, sql, type Transaction } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectNotes, type NotesDatabase } from "../../test/notes.ts";
import { long, type RelayLab, startRelayLab, writeNote } from "../../test/relay-lab.ts";
import { startRelay } from "./start-relay.ts";

/** How many events pass while the transaction is open, and how many are measured afterwards. */
const passed = 20_000;
const measured = 20;

const holders: readonly [string, (tx: Transaction<NotesDatabase>) => Promise<unknown>][] = [
  ["has an old snapshot", (tx) => sql`select count(*) from notes`.execute(tx)],
  ["has written another table", (tx) => sql`insert into notes values ('Bob', 1)`.execute(tx)],
  ["has written an event", (tx) => writeNote(tx, "late", 1)],
];

describe("a relay beside an old transaction", { timeout: 120_000 }, () => {
  let lab: RelayLab;
  let db: Kysely<NotesDatabase>;
  beforeAll(async () => {
    lab = await startRelayLab();
    ({ db } = lab);
  }, 60_000);
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  }, 60_000);
  beforeEach(() => lab.clear());

  it.each(holders)("reads as little as ever when that transaction %s", async (_name, hold) => {
    const pool = connectNotes(lab.url, 1);
    const ids: string[] = [];
    const bus = {
      async publishEncoded(_method: unknown, _message: unknown, { id = "" } = {}) {
        ids.push(id);
        return { id, topic: "notes.written", duplicate: false, sequence: ids.length };
      },
    };
    const holder = await db.startTransaction().setIsolationLevel("repeatable read").execute();
    await hold(holder);
    await using relay = startRelay(pool, bus, {
      services: [NoteEvents],
      pollIntervalMs: 20,
      workers: 1,
    });
    await sql`
      insert into outbox (topic, event_id, event_key, partition, type, data, headers, event_time)
      select 'notes.written', number::text, number::text, number & 15, 'fanfare.testing.v1.Note',
        '\\x', '{}', now()
      from generate_series(1, ${sql.lit(passed)}) as number`.execute(db);
    await expect.poll(() => relay.health().published, long).toBe(passed);
    const before = await countReadEntries(pool);
    for (let number = 0; number < measured; number++) {
      await lab.commit(`author-${number}`, number);
      await expect.poll(() => ids.length, { ...long, interval: 5 }).toBe(passed + number + 1);
    }
    const read = (await countReadEntries(pool)) - before;
    // Each event takes a few polls, and each poll once read an entry of every event that had passed.
    expect(read).toBeLessThan(measured * 500);
    // What the old transaction wrote comes when it commits, in spite of its low position.
    await holder.commit().execute();
    await lab.waitUntilEmpty();
    await relay.stop();
    await pool.destroy();
  });

  /** Returns how many index entries of the outbox the only connection of a pool has read. */
  async function countReadEntries(pool: Kysely<NotesDatabase>): Promise<number> {
    await sql`select pg_stat_force_next_flush()`.execute(pool);
    await sql`select 1`.execute(pool);
    const { rows } = await sql<{ entries: string }>`
      select sum(idx_tup_read)::text as entries from pg_stat_user_indexes
      where relname = 'outbox'`.execute(db);
    return Number(rows[0]?.entries);
  }
});

import { BusError, type PublishResult } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectNotes, type NotesDatabase, openNotes } from "../../test/notes.ts";
import { listRejectedEvents } from "./list-rejected-events.ts";
import { outbox } from "./outbox.ts";
import { readOutboxState } from "./read-outbox-state.ts";

const withCode = (code: string) => expect.objectContaining({ name: BusError.name, code });

describe("outbox()", { timeout: 60_000 }, () => {
  let server: Postgres;
  let url: string;
  let db: Kysely<NotesDatabase>;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase("notes");
    db = await openNotes(url);
  }, 60_000);
  afterAll(async () => {
    await db?.destroy();
    await server?.stop();
  }, 60_000);
  beforeEach(async () => {
    await sql`truncate outbox`.execute(db);
  });

  const waiting = async () => (await readOutboxState(db)).waiting;
  const write = (number: number, id: string) =>
    db
      .transaction()
      .execute((tx) => outbox(tx, NoteEvents).noteWritten({ author: "Ada", number }, { id }));

  it("stores an event with all its fields when its transaction commits", async () => {
    const time = new Date("2026-11-21T10:00:00.123Z");
    const result = await db
      .transaction()
      .execute((tx) =>
        outbox(tx, NoteEvents).noteWritten(
          { author: "Ada", number: 1 },
          { id: "note/1", headers: { "X-Trace": "abc" }, time },
        ),
      );
    expect(result).toMatchObject({ id: "note/1", topic: "notes.written", duplicate: false });
    const { rows } = await sql`
      select topic, event_id, event_key, type, headers, event_time from outbox`.execute(db);
    expect(rows).toEqual([
      {
        topic: "notes.written",
        event_id: "note/1",
        event_key: "Ada",
        type: "fanfare.testing.v1.Note",
        headers: { "X-Trace": "abc" },
        event_time: time,
      },
    ]);
  });

  it("stores nothing when its transaction rolls back", async () => {
    const failure = new Error("no");
    const rolledBack = db.transaction().execute(async (tx) => {
      await outbox(tx, NoteEvents).noteWritten({ author: "Ada" }, { id: "rolled-back" });
      throw failure;
    });
    await expect(rolledBack).rejects.toBe(failure);
    expect(await waiting()).toBe(0);
  });

  it("stores nothing of a savepoint that is rolled back, and what came before it", async () => {
    const tx = await db.startTransaction().execute();
    await outbox(tx, NoteEvents).noteWritten({ author: "Ada" }, { id: "before" });
    const nested = await tx.savepoint("nested").execute();
    await outbox(nested, NoteEvents).noteWritten({ author: "Ada" }, { id: "nested" });
    await nested.rollbackToSavepoint("nested").execute();
    await tx.commit().execute();
    const { rows } = await sql`select event_id from outbox`.execute(db);
    expect(rows).toEqual([{ event_id: "before" }]);
  });

  it("stores nothing of a transaction that times out while it waits for its key", async () => {
    const first = await db.startTransaction().execute();
    await outbox(first, NoteEvents).noteWritten({ author: "Ada" }, { id: "first" });
    const second = db.transaction().execute(async (tx) => {
      await sql`set local lock_timeout = 50`.execute(tx);
      await tx.insertInto("notes").values({ author: "Ada", number: 2 }).execute();
      await outbox(tx, NoteEvents).noteWritten({ author: "Ada" }, { id: "second" });
    });
    await expect(second).rejects.toThrow("lock timeout");
    await first.commit().execute();
    expect(await db.selectFrom("notes").selectAll().execute()).toEqual([]);
    const { rows } = await sql`select event_id from outbox`.execute(db);
    expect(rows).toEqual([{ event_id: "first" }]);
  });

  it("stores nothing of a statement that runs after its transaction rolled back", async () => {
    const late: Promise<PublishResult>[] = [];
    for (let round = 0; round < 20; round++) {
      const rolledBack = db.transaction().execute(async (tx) => {
        const { noteWritten } = outbox(tx, NoteEvents);
        const failing = sql`select 1 / 0`.execute(tx);
        const events = ["a", "b", "c", "d"].map((id) => noteWritten({ author: "Ada" }, { id }));
        late.push(...events);
        await Promise.all([failing, ...events]);
      });
      await expect(rolledBack).rejects.toThrow("division by zero");
    }
    const outcomes = await Promise.allSettled(late);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toEqual([]);
    expect(await waiting()).toBe(0);
  });

  it("refuses a transaction that SQL has ended", async () => {
    const tx = await db.startTransaction().execute();
    await sql`rollback`.execute(tx);
    await expect(outbox(tx, NoteEvents).noteWritten({ author: "Ada" })).rejects.toEqual(
      expect.objectContaining({
        code: "invalid_argument",
        message: expect.stringContaining("has ended"),
      }),
    );
    await tx.rollback().execute();
    expect(await waiting()).toBe(0);
  });

  it("stores the first events of a connection in order", async () => {
    const fresh = connectNotes(url, 1);
    const results = await fresh.transaction().execute(async (tx) => {
      const { noteWritten } = outbox(tx, NoteEvents);
      return await Promise.all(
        ["a", "b", "a"].map((id) => noteWritten({ author: "Ada" }, { id, time: new Date(0) })),
      );
    });
    expect(results.map(({ duplicate }) => duplicate)).toEqual([false, false, true]);
    expect(results[2]?.sequence).toBe(results[0]?.sequence);
    expect(await waiting()).toBe(2);
    await fresh.destroy();
  });

  it("stores the same event once", async () => {
    const first = await write(1, "same");
    expect(await write(1, "same")).toEqual({ ...first, duplicate: true });
    expect(await waiting()).toBe(1);
  });

  it("refuses a waiting id with other contents", async () => {
    await write(1, "reused");
    await expect(write(2, "reused")).rejects.toEqual(withCode("invalid_argument"));
    expect(await waiting()).toBe(1);
  });

  it("reports a rejected event as a duplicate, and refuses other contents under its id", async () => {
    const first = await write(1, "rejected");
    await sql`
      update outbox set rejected_at = now(), rejected_code = 'too_large', rejected_reason = 'big'`.execute(
      db,
    );
    expect(await write(1, "rejected")).toEqual({ ...first, duplicate: true });
    await expect(write(2, "rejected")).rejects.toThrow("waiting or rejected");
    expect(await readOutboxState(db)).toMatchObject({ waiting: 0, rejected: 1 });
  });

  it("commits a transaction with more keys than the server has locks", async () => {
    await db.transaction().execute(async (tx) => {
      const { noteWritten } = outbox(tx, NoteEvents);
      for (let number = 0; number < 2_000; number++) await noteWritten({ author: `a${number}` });
    });
    expect(await waiting()).toBe(2_000);
    const { rows } = await sql`select distinct partition from outbox`.execute(db);
    expect(rows).toHaveLength(16);
  });

  it("blocks a second writer of a key, and no writer of another key", async () => {
    const first = await db.startTransaction().execute();
    await outbox(first, NoteEvents).noteWritten({ author: "Ada", number: 1 }, { id: "first" });
    await db.transaction().execute((tx) => outbox(tx, NoteEvents).noteWritten({ author: "Bob" }));
    const second = write(2, "second");
    await expect
      .poll(
        async () => (await sql`select from pg_locks where not granted`.execute(db)).rows.length,
        { timeout: 30_000 },
      )
      .toBe(1);
    await first.commit().execute();
    await second;
    const { rows } = await sql`
      select event_id from outbox where event_key = 'Ada' order by sequence`.execute(db);
    expect(rows).toEqual([{ event_id: "first" }, { event_id: "second" }]);
  });

  it("names the migration when the table is missing", async () => {
    const bare = connectNotes(await server.createDatabase("bare"));
    const writing = bare
      .transaction()
      .execute((tx) => outbox(tx, NoteEvents).noteWritten({ author: "Ada" }));
    const missing = expect.objectContaining({
      code: "not_provisioned",
      message: expect.stringContaining("outboxMigration"),
    });
    await expect(writing).rejects.toEqual(missing);
    await expect(readOutboxState(bare)).rejects.toEqual(missing);
    await expect(listRejectedEvents(bare)).rejects.toEqual(missing);
    await bare.destroy();
  });
});

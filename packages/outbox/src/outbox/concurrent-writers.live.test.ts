import { createEvent } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql, type Transaction } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectNotes, type NotesDatabase, openNotes } from "../../test/notes.ts";
import { pruneKeys } from "../relay/maintain-outbox.ts";
import { outbox, outboxAll } from "./outbox.ts";

const long = { timeout: 30_000 };

function write(tx: Transaction<NotesDatabase>, author: string, number = 1) {
  return outbox(tx, NoteEvents).noteWritten({ author, number }, { id: `${author}/${number}` });
}

describe("concurrent writers of the outbox", { timeout: 120_000 }, () => {
  let server: Postgres;
  let db: Kysely<NotesDatabase>;
  let url: string;
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
    await sql`truncate outbox, outbox_keys`.execute(db);
  });

  const countBlocked = async () =>
    (await sql`select from pg_locks where not granted`.execute(db)).rows.length;
  const readOrder = async () => {
    const { rows } = await sql<{ id: string }>`
      select event_id as id from outbox order by sequence`.execute(db);
    return rows.map(({ id }) => id);
  };

  it("never deadlock when their keys are disjoint", async () => {
    for (let pair = 0; pair < 10; pair++) {
      const writeBulk = (name: string) =>
        db.transaction().execute(async (tx) => {
          for (let key = 0; key < 100; key++) await write(tx, `${pair}-${name}-${key}`);
        });
      await Promise.all([writeBulk("a"), writeBulk("b")]);
    }
    expect(await readOrder()).toHaveLength(2_000);
  });

  it("hold no lock but those of the tables and of the transaction, however many keys they write", async () => {
    const { rows } = await db.transaction().execute(async (tx) => {
      for (let key = 0; key < 300; key++) await write(tx, `single-${key}`);
      const { noteWritten } = NoteEvents.method;
      const events = Array.from({ length: 20_000 }, (_, key) =>
        createEvent(noteWritten, { author: `bulk-${key}` }),
      );
      await outboxAll(tx, events);
      return await sql<{ kind: string }>`
        select distinct locktype as kind from pg_locks
        where pid = pg_backend_pid() order by kind`.execute(tx);
    });
    expect(rows.map(({ kind }) => kind)).toEqual(["relation", "transactionid", "virtualxid"]);
  });

  it("notify nobody and take no advisory lock in their transaction", async () => {
    const spied = await server.createDatabase("spied");
    await (await openNotes(spied)).destroy();
    const spying = connectNotes(
      `${spied}?options=${encodeURIComponent("-c search_path=spy,pg_catalog,public")}`,
    );
    await sql`create schema spy`.execute(spying);
    for (const [name, types] of [
      ["pg_notify", "text, text"],
      ["pg_advisory_xact_lock", "int, int"],
      ["pg_advisory_xact_lock", "bigint"],
      ["pg_advisory_lock", "bigint"],
    ]) {
      await sql`
        create function spy.${sql.raw(`${name}(${types})`)} returns void language plpgsql
        as 'begin raise exception ''a writer calls %'', ${sql.raw(`''${name}''`)}; end'`.execute(
        spying,
      );
    }
    await spying.transaction().execute((tx) => write(tx, "Ada"));
    await expect(sql`select pg_notify('outbox', '')`.execute(spying)).rejects.toThrow("pg_notify");
    await spying.destroy();
  });

  it("store the events of a key in the order of their commits, with nothing else in common", async () => {
    const first = await db.startTransaction().execute();
    await first.insertInto("notes").values({ author: "Bob", number: 0 }).execute();
    const second = await db.startTransaction().execute();
    // The transaction with the later id writes first.
    await second.insertInto("notes").values({ author: "Bob", number: 0 }).execute();
    await write(second, "Ada", 2);
    const waiting = write(first, "Ada", 1);
    await expect.poll(countBlocked, long).toBe(1);
    await second.commit().execute();
    await waiting;
    await first.commit().execute();
    expect(await readOrder()).toEqual(["Ada/2", "Ada/1"]);
  });

  it("keep that order when the relay removes old keys meanwhile", async () => {
    await db.transaction().execute((tx) => write(tx, "Ada", 1));
    await sql`update outbox_keys set created_at = now() - interval '1 hour'`.execute(db);
    const holder = await db.startTransaction().execute();
    await write(holder, "Ada", 2);
    await pruneKeys(db);
    const next = db.transaction().execute((tx) => write(tx, "Ada", 3));
    await expect.poll(countBlocked, long).toBe(1);
    await holder.commit().execute();
    await next;
    expect(await readOrder()).toEqual(["Ada/1", "Ada/2", "Ada/3"]);
    await pruneKeys(db);
    expect((await sql`select from outbox_keys`.execute(db)).rows).toHaveLength(0);
  });

  it("never deadlock in outboxAll, whatever keys they share and in whatever order", async () => {
    const { noteWritten } = NoteEvents.method;
    const authors = Array.from({ length: 300 }, (_, index) => `author-${index}`);
    const writeAll = (names: readonly string[], round: number) =>
      db.transaction().execute((tx) =>
        outboxAll(
          tx,
          names.map((author) => createEvent(noteWritten, { author }, { id: `${author}/${round}` })),
        ),
      );
    const writers = Array.from({ length: 8 }, (_, round) =>
      writeAll(round % 2 === 0 ? authors : authors.toReversed(), round),
    );
    const results = await Promise.all(writers);
    expect(results.map((stored) => stored.length)).toEqual(Array(8).fill(300));
    expect(await readOrder()).toHaveLength(2_400);
  });

  it("never deadlock in outboxAll when they store the same events without keys in any order", async () => {
    const { noteWritten } = NoteEvents.method;
    const ids = ["one", "middle", "other"];
    const writeAll = (tx: Transaction<NotesDatabase>, given: readonly string[]) =>
      outboxAll(
        tx,
        given.map((id) => createEvent(noteWritten, { author: "" }, { id })),
      );
    // Both wait in the middle of what they store.
    const holder = await db.startTransaction().execute();
    await writeAll(holder, ["middle"]);
    const writers = [ids, ids.toReversed()].map((given) =>
      db.transaction().execute((tx) => writeAll(tx, given)),
    );
    await expect.poll(countBlocked, long).toBe(2);
    await holder.rollback().execute();
    expect((await Promise.all(writers)).map((results) => results.length)).toEqual([3, 3]);
    expect((await readOrder()).toSorted()).toEqual(ids.toSorted());
  });

  it("store the events of outboxAll in their order, and report duplicates", async () => {
    const { noteWritten, noteErased } = NoteEvents.method;
    const time = new Date("2026-11-21T10:00:00.123Z");
    const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const events = [
      createEvent(noteWritten, { author: "Zoe", body }, { id: "1", time }),
      createEvent(noteErased, { author: "Ada" }, { id: "1", headers: { "x-trace": "ä" } }),
      createEvent(noteWritten, { author: "Zoe", body }, { id: "1", time }),
    ];
    const results = await db.transaction().execute((tx) => outboxAll(tx, events));
    const [first, second] = results;
    expect(results).toEqual([
      { id: "1", topic: "notes.written", duplicate: false, sequence: first?.sequence },
      { id: "1", topic: "notes.erased", duplicate: false, sequence: second?.sequence },
      { id: "1", topic: "notes.written", duplicate: true, sequence: first?.sequence },
    ]);
    expect(second?.sequence).toBeGreaterThan(first?.sequence ?? Infinity);
    expect(await db.transaction().execute((tx) => outboxAll(tx, []))).toEqual([]);
    // @ts-expect-error Without a transaction, each statement commits on its own.
    await expect(outboxAll(db, events)).rejects.toThrow("requires a transaction");
  });
});

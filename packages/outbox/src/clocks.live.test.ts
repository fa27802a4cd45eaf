import type { Delivery, PublishResult } from "@fanfare/bus";
import { NoteEvents, ShelfEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createDelivery } from "../test/fares.ts";
import { createRecordingBus, type NotesDatabase, openNotes } from "../test/notes.ts";
import { lockWaitingPartitions } from "../test/relay-lab.ts";
import { inbox } from "./inbox/inbox.ts";
import { inboxMigration } from "./inbox/inbox-migration.ts";
import { pruneInbox } from "./inbox/prune-inbox.ts";
import { outbox } from "./outbox/outbox.ts";
import { readOutboxState } from "./outbox/read-outbox-state.ts";
import { startRelay } from "./relay/start-relay.ts";

const long = { timeout: 30_000 };
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Moves the clock of the process only: the difference between the clocks matters. */
describe.each([
  ["behind", hourMs],
  ["ahead of", -hourMs],
])("with a database clock an hour %s that of the process", { timeout: 60_000 }, (_name, offMs) => {
  let server: Postgres;
  let db: Kysely<NotesDatabase>;
  beforeAll(async () => {
    server = await startPostgres();
    db = await openNotes(await server.createDatabase("notes"));
    await inboxMigration.up(db);
  }, 60_000);
  afterAll(async () => {
    await db?.destroy();
    await server?.stop();
  }, 60_000);
  beforeEach(async () => {
    await sql`truncate outbox, inbox, notes`.execute(db);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + offMs });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const commit = (number: number): Promise<PublishResult> =>
    db
      .transaction()
      .execute((tx) =>
        outbox(tx, NoteEvents).noteWritten({ author: "Ada", number }, { id: `Ada/${number}` }),
      );
  const notes = async () => (await db.selectFrom("notes").selectAll().execute()).length;
  const note = (number: number, delivery: Delivery): Promise<void> =>
    inbox<number, NotesDatabase>(db, async (_number, tx) => {
      await tx.insertInto("notes").values({ author: "Ada", number }).execute();
    })(number, delivery);

  it("handles an event once, also when the clock of the process is corrected in between", async () => {
    await note(1, createDelivery("once"));
    await note(1, createDelivery("once", { attempt: 2 }));
    vi.useRealTimers();
    await note(1, createDelivery("once", { attempt: 3 }));
    expect(await notes()).toBe(1);
  });

  it("rolls back a handler when its signal aborts", async () => {
    const controller = new AbortController();
    const slow = inbox<number, NotesDatabase>(db, async (_number, tx) => {
      setImmediate(() => controller.abort(new Error("aborted")));
      await sql`select pg_sleep(600)`.execute(tx);
    });
    await expect(slow(1, createDelivery("slow", { signal: controller.signal }))).rejects.toThrow(
      "aborted",
    );
    await note(1, createDelivery("slow", { attempt: 2 }));
    expect(await notes()).toBe(1);
  });

  it("prunes records that are old by the database's clock, and no others", async () => {
    await note(1, createDelivery("new"));
    await note(2, createDelivery("old"));
    await sql`
      update inbox set handled_at = now() - interval '40 minutes' where event_id = 'old'`.execute(
      db,
    );
    const keep = { retentionMs: 30 * minuteMs, maxRedeliveryMs: 20 * minuteMs };
    expect(await pruneInbox(db, keep)).toBe(1);
    const { rows } = await sql`select event_id from inbox`.execute(db);
    expect(rows).toEqual([{ event_id: "new" }]);
  });

  it("publishes at once with the time of the process, and measures the age by the clock of the database", async () => {
    const at = Date.now();
    await commit(1);
    const { oldestMs } = await readOutboxState(db);
    expect(oldestMs).toBeGreaterThanOrEqual(0);
    expect(oldestMs).toBeLessThan(30 * minuteMs);
    const bus = createRecordingBus();
    await using _ = startRelay(db, bus, { services: [NoteEvents], pollIntervalMs: 20 });
    await expect.poll(() => bus.stored.length, long).toBe(1);
    const apartMs = Number(bus.stored[0]?.options.time) - at;
    expect(Math.abs(apartMs)).toBeLessThan(30 * minuteMs);
  });

  it("applies the exact grace period to unknown topics", async () => {
    const shelve = (id: string) =>
      db.transaction().execute((tx) => outbox(tx, ShelfEvents).shelf01({ author: "Ada" }, { id }));
    await shelve("new");
    await shelve("old");
    await sql`
      update outbox set written_at = now() - interval '40 minutes' where event_id = 'old'`.execute(
      db,
    );
    const grace = {
      services: [NoteEvents],
      pollIntervalMs: 20,
      unknownTopicGraceMs: 30 * minuteMs,
    };
    await using _ = startRelay(db, createRecordingBus(), grace);
    await expect.poll(() => readOutboxState(db), long).toMatchObject({ waiting: 1, rejected: 1 });
  });

  it("keeps the events of a silent relay exactly until its lease ends", async () => {
    await commit(1);
    const inside = Promise.withResolvers<void>();
    const awake = Promise.withResolvers<void>();
    const silent = db.transaction().execute(async (tx) => {
      await lockWaitingPartitions(tx);
      inside.resolve();
      await awake.promise;
    });
    await inside.promise;
    const held = await db.transaction().execute(lockWaitingPartitions);
    expect(held).toEqual([]);
    const bus = createRecordingBus();
    await using _ = startRelay(db, bus, { services: [NoteEvents], pollIntervalMs: 20 });
    await expect.poll(() => bus.stored.length, long).toBe(1);
    awake.resolve();
    await expect(silent).rejects.toThrow(/terminat|connection/i);
  });
});

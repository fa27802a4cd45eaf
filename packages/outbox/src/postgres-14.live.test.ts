import { BusError } from "@fanfare/bus";
import { NoteEvents, ShelfEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { findPostgresBin, type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDelivery } from "../test/fares.ts";
import { createRecordingBus, type NotesDatabase, openNotes } from "../test/notes.ts";
import {
  inbox,
  inboxBatch,
  inboxMigration,
  listRejectedEvents,
  outbox,
  pruneInbox,
  readOutboxState,
  startRelay,
} from "./index.ts";

const long = { timeout: 30_000 };

/** Undefined on platforms without programs of this version. */
const bin = findBin();
function findBin(): string | undefined {
  try {
    return findPostgresBin(import.meta.resolve("postgres-14"));
  } catch {
    return undefined;
  }
}

/** Executes each statement of the package at least once. The other tests run on a newer server. */
describe.skipIf(bin === undefined)("on PostgreSQL 14", { timeout: 60_000 }, () => {
  let server: Postgres;
  let db: Kysely<NotesDatabase>;
  beforeAll(async () => {
    // A server from the environment could have another version.
    const { POSTGRES_ADMIN_URL: _, ...env } = process.env;
    server = await startPostgres({ env, bin });
    db = await openNotes(await server.createDatabase("notes"));
    await inboxMigration.up(db);
  }, 60_000);
  afterAll(async () => {
    await db?.destroy();
    await server?.stop();
  }, 60_000);

  const notes = async () =>
    (await db.selectFrom("notes").select("number").orderBy("number").execute()).map(
      ({ number }) => number,
    );

  it("is the version of the server", async () => {
    const { rows } = await sql`
      select current_setting('server_version_num')::int / 10000 as major`.execute(db);
    expect(rows).toEqual([{ major: 14 }]);
  });

  it("has one effect of an event, alone and in a batch, and cancels when the signal aborts", async () => {
    const handle = inbox<number, NotesDatabase>(db, async (number, tx) => {
      await tx.insertInto("notes").values({ author: "Ada", number }).execute();
    });
    await handle(1, createDelivery("1"));
    await handle(1, createDelivery("1", { attempt: 2 }));
    const together = inboxBatch<number, NotesDatabase>(db, async (events, tx) => {
      const rows = events.map(({ message }) => ({ author: "Ada", number: message }));
      await tx.insertInto("notes").values(rows).execute();
    });
    await Promise.all([1, 2, 3].map((number) => together(number, createDelivery(`${number}`))));
    expect(await notes()).toEqual([1, 2, 3]);

    const controller = new AbortController();
    const slow = inbox<number, NotesDatabase>(db, async (_number, tx) => {
      setImmediate(() => controller.abort(new Error("aborted")));
      await sql`select pg_sleep(600)`.execute(tx);
    });
    const late = slow(4, createDelivery("4", { signal: controller.signal }));
    await expect(late).rejects.toThrow("aborted");
    await sql`update inbox set handled_at = now() - interval '1 hour'`.execute(db);
    expect(await pruneInbox(db, { retentionMs: 2_000, maxRedeliveryMs: 1_000 })).toBe(3);
  });

  it("publishes committed events in order, and rejects those that can never be published", async () => {
    const bus = createRecordingBus();
    bus.before = ({ number }) => {
      if (number === 2) throw new BusError("too_large", "it is too large");
    };
    await db.transaction().execute(async (tx) => {
      await outbox(tx, ShelfEvents).shelf01({ author: "Ada" }, { id: "unknown" });
      for (const number of [1, 2, 3]) {
        await outbox(tx, NoteEvents).noteWritten({ author: "Ada", number }, { id: `${number}` });
      }
    });
    const again = await db
      .transaction()
      .execute((tx) =>
        outbox(tx, NoteEvents).noteWritten({ author: "Ada", number: 3 }, { id: "3" }),
      );
    expect(again.duplicate).toBe(true);
    await using _ = startRelay(db, bus, {
      services: [NoteEvents],
      pollIntervalMs: 20,
      unknownTopicGraceMs: 1,
    });
    await expect
      .poll(() => readOutboxState(db), long)
      .toEqual({ waiting: 0, oldestMs: 0, rejected: 2 });
    expect(bus.stored.map(({ number }) => number)).toEqual([1, 3]);
    const codes = (await listRejectedEvents(db)).map(({ code }) => code);
    expect(codes.toSorted()).toEqual(["too_large", "unknown_topic"]);
  });
});

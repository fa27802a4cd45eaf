import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connectNotes,
  createRecordingBus,
  type NotesDatabase,
  openNotes,
} from "../../test/notes.ts";
import { long, writeNote } from "../../test/relay-lab.ts";
import { startRelay } from "./start-relay.ts";

describe("two outboxes in two schemas of one database", { timeout: 120_000 }, () => {
  let server: Postgres;
  let first: Kysely<NotesDatabase>;
  let second: Kysely<NotesDatabase>;
  beforeAll(async () => {
    server = await startPostgres();
    const url = await server.createDatabase("notes");
    const admin = connectNotes(url);
    await sql`create schema first; create schema second`.execute(admin);
    await admin.destroy();
    const open = (schema: string) =>
      openNotes(`${url}?options=${encodeURIComponent(`-c search_path=${schema}`)}`);
    first = await open("first");
    second = await open("second");
  }, 60_000);
  afterAll(async () => {
    await first?.destroy();
    await second?.destroy();
    await server?.stop();
  }, 60_000);

  it("publish independently, also while the broker of one hangs", async () => {
    for (const db of [first, second]) {
      for (let number = 0; number < 40; number++) {
        await db.transaction().execute((tx) => writeNote(tx, `author-${number}`, number));
      }
    }
    const hanging = createRecordingBus();
    let calls = 0;
    hanging.before = () => {
      calls++;
      return new Promise(() => {});
    };
    const options = { services: [NoteEvents], pollIntervalMs: 20 };
    // Four workers hold all partitions of the first outbox for longer than this test may take.
    const stuck = startRelay(first, hanging, {
      ...options,
      workers: 4,
      leaseDurationMs: 600_000,
    });
    await expect.poll(() => calls, long).toBe(40);
    const bus = createRecordingBus();
    await using publishing = startRelay(second, bus, options);
    await expect.poll(() => publishing.health().published, long).toBe(40);
    expect(hanging.stored).toEqual([]);
    await stuck.stop({ timeoutMs: 100 });
  });

  it("do not block each other's writers of the same key", async () => {
    const open = await first.startTransaction().execute();
    await writeNote(open, "Ada", 1);
    const other = second.transaction().execute((tx) => writeNote(tx, "Ada", 1));
    await expect(other).resolves.toMatchObject({ duplicate: false });
    await open.rollback().execute();
  });
});

import { create, toBinary } from "@bufbuild/protobuf";
import { NoteEvents, NoteSchema } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectNotes, createRecordingBus } from "../../test/notes.ts";
import { long, writeNote } from "../../test/relay-lab.ts";
import { startRelay } from "../relay/start-relay.ts";
import { outboxKeysMigration } from "./outbox-keys-migration.ts";
import { outboxMigration } from "./outbox-migration.ts";
import { readOutboxState } from "./read-outbox-state.ts";

describe("outboxKeysMigration", { timeout: 60_000 }, () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
  }, 60_000);

  it("keeps the events that wait, which are published before later ones of their keys", async () => {
    const db = connectNotes(await server.createDatabase("notes"));
    await outboxMigration.up(db);
    for (let number = 0; number < 20; number++) {
      const author = `author-${number % 4}`;
      await sql`
        insert into outbox
          (topic, event_id, event_key, partition, type, data, headers, event_time)
        select 'notes.written', ${`${author}/${number}`}, ${author},
          hashtext('notes.written' || chr(10) || ${author}) & 15, ${NoteSchema.typeName},
          ${toBinary(NoteSchema, create(NoteSchema, { author, number }))}, '{"x-trace": "abc"}',
          now()`.execute(db);
    }
    await outboxKeysMigration.up(db);
    for (let number = 20; number < 40; number++) {
      await db.transaction().execute((tx) => writeNote(tx, `author-${number % 4}`, number));
    }
    const bus = createRecordingBus();
    await using relay = startRelay(db, bus, { services: [NoteEvents] });
    await expect.poll(async () => (await readOutboxState(db)).waiting, long).toBe(0);
    for (let first = 0; first < 4; first++) {
      const ofAuthor = bus.stored.filter(({ author }) => author === `author-${first}`);
      expect(ofAuthor.map(({ number }) => number)).toEqual(
        Array.from({ length: 10 }, (_, index) => first + 4 * index),
      );
    }
    expect(bus.stored[0]?.options.headers).toEqual({ "x-trace": "abc" });
    await relay.stop();
    await db.destroy();
  });
});

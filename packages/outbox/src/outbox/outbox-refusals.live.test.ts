import { BusError, createEvent, type PublishOptions } from "@fanfare/bus";
import { BrokenEvents, NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type NotesDatabase, openNotes } from "../../test/notes.ts";
import { outbox, outboxAll } from "./outbox.ts";
import { readOutboxState } from "./read-outbox-state.ts";

const withCode = (code: string) => expect.objectContaining({ name: BusError.name, code });

describe("outbox() and events that no broker takes", { timeout: 60_000 }, () => {
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
  beforeEach(async () => {
    await sql`truncate outbox`.execute(db);
  });

  const waiting = async () => (await readOutboxState(db)).waiting;

  it.each<readonly [string, PublishOptions & { readonly author?: string }, string]>([
    ["an id with a line feed", { id: "order\n7" }, "an event id of"],
    ["an attribute with a NUL", { attributes: { subject: "a\0b" } }, 'attribute "subject"'],
    ["an attribute of the event itself", { attributes: { id: "b" } }, 'attribute "id" cannot be'],
    ["an id with a NUL", { id: "a\0b" }, "an event id of"],
    ["a key with a NUL", { author: "A\0da" }, "the key of"],
    ["a header with a NUL", { headers: { "x-trace": "a\0b" } }, 'the header "x-trace"'],
    ["a time past the year 9999", { time: new Date(Date.UTC(10_000, 0)) }, "the year 10000"],
    ["a time before the year 1", { time: new Date(Date.UTC(-1, 0)) }, "the year -1"],
  ])("refuses %s, and explains why", async (_, { author = "Ada", ...options }, why) => {
    const writing = db
      .transaction()
      .execute((tx) => outbox(tx, NoteEvents).noteWritten({ author }, options));
    const refusal = { code: "invalid_argument", message: expect.stringContaining(why) };
    await expect(writing).rejects.toEqual(expect.objectContaining(refusal));
  });

  it("refuses at once what the broker would refuse later as too large", async () => {
    const body = new Uint8Array(9_000);
    const event = createEvent(NoteEvents.method.noteWritten, { author: "Ada", body });
    const tooLarge = withCode("too_large");
    await db.transaction().execute(async (tx) => {
      const limit = { maxRecordBytes: 10_000 };
      await expect(outbox(tx, NoteEvents, limit).noteWritten({ body })).rejects.toEqual(tooLarge);
      await expect(outboxAll(tx, [event], limit)).rejects.toEqual(tooLarge);
      const huge = outbox(tx, NoteEvents).noteWritten({ body: new Uint8Array(1_048_576) });
      await expect(huge).rejects.toEqual(tooLarge);
      await outboxAll(tx, [event]);
    });
    expect(await waiting()).toBe(1);
  });

  it("accepts a header with an escaped NUL", async () => {
    const headers = { "x-trace": String.raw`a\u0000b` };
    await db
      .transaction()
      .execute((tx) => outbox(tx, NoteEvents).noteWritten({ author: "Ada" }, { headers }));
    expect(await waiting()).toBe(1);
  });

  it("refuses what is no transaction, no event and no id", async () => {
    // @ts-expect-error Without a transaction, each statement commits on its own.
    expect(() => outbox(db, NoteEvents)).toThrow(withCode("invalid_argument"));
    await db.transaction().execute(async (tx) => {
      expect(() => outbox(tx, BrokenEvents)).toThrow(withCode("unknown_topic"));
      const { noteWritten } = outbox(tx, NoteEvents);
      await expect(noteWritten({ author: "Ada" }, { id: "" })).rejects.toEqual(
        withCode("invalid_argument"),
      );
      await expect(
        noteWritten({ author: "Ada" }, { headers: { "ce-id": "mine" } }),
      ).rejects.toEqual(withCode("invalid_argument"));
    });
    expect(await waiting()).toBe(0);
  });
});

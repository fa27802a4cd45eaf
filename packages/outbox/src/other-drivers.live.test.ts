import { BusError, createEvent } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import {
  CamelCasePlugin,
  type Dialect,
  Kysely,
  ParseJSONResultsPlugin,
  PostgresDialect,
  sql,
} from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import { Pool, types } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDelivery } from "../test/fares.ts";
import { createRecordingBus, type NotesDatabase, openNotes } from "../test/notes.ts";
import {
  inbox,
  inboxBatch,
  inboxMigration,
  listRejectedEvents,
  outbox,
  outboxAll,
  pruneInbox,
  readOutboxState,
  startRelay,
} from "./index.ts";

const long = { timeout: 30_000 };

/** Parsers of an application that wants bigints, and times as numbers. All other types stay text. */
const parsers: ReadonlyMap<number, (value: string) => unknown> = new Map<
  number,
  (value: string) => unknown
>([
  [types.builtins.INT8, BigInt],
  [types.builtins.TIMESTAMPTZ, Date.parse],
]);

function parseOtherwise(type: number): (value: string) => unknown {
  return parsers.get(type) ?? ((value) => value);
}

const add = (number: number) => sql`insert into notes values ('Ada', ${number}::int)`;

type CreateDialect = (url: string) => Dialect;

const drivers: readonly [string, CreateDialect][] = [
  ["postgres.js", (url) => new PostgresJSDialect({ postgres: postgres(url, { max: 5 }) })],
  [
    "postgres.js with names in camel case and parsers of its own",
    (url) =>
      new PostgresJSDialect({
        postgres: postgres(url, {
          max: 5,
          transform: postgres.camel,
          types: { bigint: postgres.BigInt },
        }),
      }),
  ],
  [
    "pg with parsers of its own",
    (url) =>
      new PostgresDialect({
        pool: new Pool({ connectionString: url, types: { getTypeParser: parseOtherwise } }),
      }),
  ],
  [
    "pg with binary results",
    (url) => {
      // The types of pg lack this option of its clients.
      const options = { connectionString: url, binary: true };
      return new PostgresDialect({ pool: new Pool(options) });
    },
  ],
];

describe.each(drivers)("on %s", { timeout: 60_000 }, (_name, createDialect) => {
  let server: Postgres;
  let admin: Kysely<NotesDatabase>;
  let db: Kysely<NotesDatabase>;
  beforeAll(async () => {
    server = await startPostgres();
    const url = await server.createDatabase("notes");
    admin = await openNotes(url);
    db = new Kysely<NotesDatabase>({
      dialect: createDialect(url),
      plugins: [new ParseJSONResultsPlugin(), new CamelCasePlugin({ upperCase: true })],
    });
    await inboxMigration.up(admin);
  }, 60_000);
  afterAll(async () => {
    await db?.destroy();
    await admin?.destroy();
    await server?.stop();
  }, 60_000);

  it("publishes what was stored: bytes, headers, times, keys and order", async () => {
    const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const time = new Date("2026-11-21T10:00:00.123Z");
    const headers = { "x-trace": String.raw`ä "quoted" {1,2} \u0000 [null]`, "x-empty": "" };
    const { noteWritten } = NoteEvents.method;
    const bus = createRecordingBus();
    const bodies: Uint8Array[] = [];
    const { publishEncoded } = bus;
    bus.publishEncoded = (method, message, options) => {
      if (options?.id === "big") throw new BusError("too_large", "it is too large");
      bodies.push(message.data);
      return publishEncoded(method, message, options);
    };
    const first = await db
      .transaction()
      .execute((tx) =>
        outbox(tx, NoteEvents).noteWritten(
          { author: "Ada", number: 1, body },
          { id: `{"id":1}`, headers, time },
        ),
      );
    const results = await db
      .transaction()
      .execute((tx) =>
        outboxAll(tx, [
          createEvent(noteWritten, { author: "Ada", number: 1, body }, { id: `{"id":1}` }),
          createEvent(noteWritten, { author: "Ada", number: 2 }, { id: "{a,b}" }),
          createEvent(noteWritten, { author: "Ada" }, { id: "big" }),
        ]),
      );
    expect(results.map(({ duplicate }) => duplicate)).toEqual([true, false, false]);
    expect(results[0]).toEqual({ ...first, duplicate: true });
    const other = db
      .transaction()
      .execute((tx) => outbox(tx, NoteEvents).noteWritten({ author: "Bob" }, { id: "{a,b}" }));
    await expect(other).rejects.toThrow("with other contents");
    expect(await readOutboxState(db)).toEqual({
      waiting: 3,
      oldestMs: expect.any(Number),
      rejected: 0,
    });
    await using relay = startRelay(db, bus, { services: [NoteEvents], unknownTopicGraceMs: 1 });
    await expect.poll(() => readOutboxState(db), long).toMatchObject({ waiting: 0, rejected: 1 });
    expect(bus.stored.map(({ id }) => id)).toEqual([`{"id":1}`, "{a,b}"]);
    expect(bus.stored[0]).toMatchObject({ number: 1, options: { headers, time } });
    expect(Buffer.from(bodies[0] ?? []).includes(Buffer.from(body))).toBe(true);
    expect(await listRejectedEvents(db)).toEqual([
      {
        topic: "notes.written",
        id: "big",
        key: "Ada",
        rejectedAt: expect.any(Date),
        code: "too_large",
        reason: "it is too large",
      },
    ]);
    expect(relay.health()).toEqual({ published: 2, duplicates: 0, rejected: 1, failures: 0 });
    await relay.stop();
  });

  it("handles an event once, alone and in a batch, and cancels when the signal aborts", async () => {
    const handle = inbox<number, NotesDatabase>(db, async (number, tx) => {
      await add(number).execute(tx);
    });
    await handle(1, createDelivery("1"));
    await handle(1, createDelivery("1", { attempt: 2 }));
    const together = inboxBatch<number, NotesDatabase>(db, async (events, tx) => {
      for (const { message } of events) await add(message).execute(tx);
    });
    await Promise.all([1, 2, 3].map((number) => together(number, createDelivery(`${number}`))));
    const controller = new AbortController();
    const slow = inbox<number, NotesDatabase>(db, async (_number, tx) => {
      setImmediate(() => controller.abort(new Error("aborted")));
      await sql`select pg_sleep(600)`.execute(tx);
    });
    const late = slow(4, createDelivery("4", { signal: controller.signal }));
    await expect(late).rejects.toThrow("aborted");
    const notes = await admin.selectFrom("notes").select("number").orderBy("number").execute();
    expect(notes.map(({ number }) => number)).toEqual([1, 2, 3]);
    await sql`update inbox set handled_at = now() - interval '1 hour'`.execute(admin);
    const keep = { retentionMs: 2_000, maxRedeliveryMs: 1_000, batchSize: 2 };
    expect(await pruneInbox(db, keep)).toBe(3);
  });

  it("prepares few statements, however many events are handled", async () => {
    const handle = inbox<number, NotesDatabase>(db, async () => {});
    for (let number = 0; number < 50; number++) await handle(0, createDelivery(`many-${number}`));
    const counted = await db.connection().execute(async (connection) => {
      const { rows } = await sql`select name from pg_prepared_statements`.execute(connection);
      return rows.length;
    });
    expect(counted).toBeLessThan(30);
  });
});

describe("a driver that changes names of columns", { timeout: 60_000 }, () => {
  it("is refused by name", async () => {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(await startPostgres());
    const url = await server.createDatabase("notes");
    await (await openNotes(url)).destroy();
    const dialect = new PostgresJSDialect({
      postgres: postgres(url, { max: 5, transform: postgres.pascal }),
    });
    const db = new Kysely<NotesDatabase>({ dialect });
    stack.defer(() => db.destroy());
    const storing = db
      .transaction()
      .execute((tx) => outbox(tx, NoteEvents).noteWritten({ author: "Ada" }));
    const refusal = expect.objectContaining({
      code: "unsupported",
      message: expect.stringContaining("driver"),
    });
    await expect(storing).rejects.toEqual(refusal);
    await expect(readOutboxState(db)).rejects.toEqual(refusal);
    await using relay = startRelay(db, createRecordingBus(), { services: [NoteEvents] });
    await expect.poll(() => relay.health().lastError, long).toEqual(refusal);
  });
});

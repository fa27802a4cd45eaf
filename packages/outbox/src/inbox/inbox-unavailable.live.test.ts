import { createMemoryBus, createPublisher } from "@fanfare/bus";
import { type Note, NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  connectFares,
  countFares,
  createDelivery,
  type FaresDatabase,
  insertFare,
  openFares,
  type Trip,
} from "../../test/fares.ts";
import { type Fault, type FaultyProxy, startFaultyProxy } from "../../test/faulty-proxy.ts";
import { inbox } from "./inbox.ts";
import { inboxBatch } from "./inbox-batch.ts";

const long = { timeout: 30_000 };
const unavailable = expect.objectContaining({ name: "DependencyUnavailableError" });

/** What a pooler, a proxy or an extension could answer. */
const faults: readonly Fault[] = [
  { at: "connect", code: "XX000", message: "MaxClientsInSessionMode: max clients reached" },
  { at: "connect", code: "57P03", message: "the database system is starting up" },
  { at: "connect", code: "53300", message: "sorry, too many clients already" },
  { at: "connect", code: "XY123", message: "a code that nobody knows" },
  { at: "connect", code: "22023", message: 'invalid value for parameter "work_mem"' },
  { at: "begin", code: "XX000", message: "no server could be found" },
  { at: "begin", code: "54000", message: "the pooler has no memory for this client" },
  { at: "begin", code: "08006", message: "server closed the connection" },
  { at: "insert into inbox", code: "XX000", message: "internal error" },
  { at: "insert into inbox", code: "42501", message: "permission denied for table inbox" },
  {
    at: "insert into inbox",
    code: "23514",
    message: "no partition of relation inbox found for row",
  },
  {
    at: "insert into inbox",
    code: "57014",
    message: "canceling statement due to statement timeout",
  },
  { at: "insert into inbox", code: "", message: "an error without a code" },
];

const createBatched: typeof inbox = (db, handler, options) =>
  inboxBatch(
    db,
    async (events, tx) => {
      for (const { message, delivery } of events) await handler(message, tx, delivery);
    },
    options,
  );

describe.each([
  ["inbox()", inbox],
  ["inboxBatch()", createBatched],
])("%s before its handler ran", { timeout: 60_000 }, (_name, create) => {
  let server: Postgres;
  let proxy: FaultyProxy;
  let db: Kysely<FaresDatabase>;
  beforeAll(async () => {
    server = await startPostgres();
    proxy = await startFaultyProxy(await server.createDatabase("fares"));
    db = await openFares(proxy.url);
  }, 60_000);
  afterEach(() => {
    proxy.fault = undefined;
  });
  afterAll(async () => {
    await db?.destroy();
    await proxy?.[Symbol.asyncDispose]();
    await server?.stop();
  }, 60_000);

  it.each(faults)("is unavailable when $at fails with $code: $message", async (fault) => {
    const fresh = connectFares(proxy.url);
    let calls = 0;
    const handle = create(fresh, async (trip: Trip, tx, delivery) => {
      calls++;
      await insertFare(trip, tx, delivery);
    });
    const id = `${fault.at}/${fault.code}`;
    proxy.fault = fault;
    await expect(handle({ tripId: id }, createDelivery(id))).rejects.toEqual(unavailable);
    expect(calls).toBe(0);
    proxy.fault = undefined;
    await handle({ tripId: id }, createDelivery(id));
    expect(await countFares(db, id)).toBe(1);
    await fresh.destroy();
  });

  it("is unavailable at the connection limit of PostgreSQL", async () => {
    await sql`alter database fares connection limit 1`.execute(db);
    await db.connection().execute(async () => {
      const crowded = connectFares(proxy.url);
      const handle = create(crowded, insertFare);
      const crowding = handle({ tripId: "crowded" }, createDelivery("crowded"));
      await expect(crowding).rejects.toEqual(unavailable);
      await crowded.destroy();
    });
    await sql`alter database fares connection limit -1`.execute(db);
  });

  it.each([
    ["an id that PostgreSQL cannot store", "a\0b", /byte sequence/],
    [
      "an id that exceeds a row of the index",
      Array.from({ length: 9_000 }, (_, at) =>
        String.fromCodePoint(33 + ((at * 7_919) % 5_003)),
      ).join(""),
      /index row/,
    ],
  ])("passes on the error of %s", async (_case, id, message) => {
    const handle = create(db, insertFare);
    await expect(handle({ tripId: "bad" }, createDelivery(id))).rejects.toThrow(message);
  });

  it("pauses the subscription, counts no attempt, and handles the event afterwards", async () => {
    const fresh = connectFares(proxy.url);
    await using bus = createMemoryBus();
    const attempts: number[] = [];
    await using subscription = await bus.subscribe(
      "readers",
      (on) =>
        on.service(NoteEvents, {
          noteWritten: create(fresh, async ({ author }: Note, tx, delivery) => {
            attempts.push(delivery.attempt);
            await insertFare({ tripId: author }, tx, delivery);
          }),
        }),
      { maxAttempts: 1 },
    );
    proxy.fault = faults[0];
    await createPublisher(NoteEvents, bus).noteWritten({ author: "paused" });
    await expect.poll(() => subscription.health().state, long).toBe("paused");
    proxy.fault = undefined;
    await bus.advance(10_000);
    await expect.poll(() => countFares(db, "paused"), long).toBe(1);
    expect(attempts).toEqual([1]);
    await fresh.destroy();
  });
});

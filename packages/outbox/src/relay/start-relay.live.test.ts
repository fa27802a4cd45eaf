import { setTimeout as sleep } from "node:timers/promises";
import {
  BusError,
  type BusMetric,
  createMemoryBus,
  createMemoryStore,
  type PublishResult,
} from "@fanfare/bus";
import { NoteEvents, ShelfEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { CamelCasePlugin, Kysely, ParseJSONResultsPlugin, PostgresDialect, sql } from "kysely";
import { Client, Pool, types } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  connectNotes,
  createRecordingBus,
  type NotesDatabase,
  openNotes,
} from "../../test/notes.ts";
import { outboxMetrics, relayMetrics } from "../metrics.ts";
import { type AnyTransaction, outbox } from "../outbox/outbox.ts";
import { outboxMigration } from "../outbox/outbox-migration.ts";
import { listRejectedEvents, readOutboxState } from "../outbox/read-outbox-state.ts";
import { listenWith } from "./listen-with.ts";
import { lockPartitions } from "./relay-store.ts";
import { type RelayOptions, startRelay } from "./start-relay.ts";

const long = { timeout: 30_000 };

function write(tx: AnyTransaction, author: string, number: number): Promise<PublishResult> {
  return outbox(tx, NoteEvents).noteWritten({ author, number }, { id: `${author}/${number}` });
}

const bytea: number = types.builtins.BYTEA;

/** Whatever is no bytes stays the text that it came as. */
function textual(type: number) {
  if (type === bytea) return types.getTypeParser(types.builtins.BYTEA);
  return (value: string) => value;
}

async function valuesOf(collect: () => Promise<readonly BusMetric[]>) {
  return (await collect()).map(({ name, samples }) => [name, samples[0]?.value]);
}

describe("startRelay()", { timeout: 120_000 }, () => {
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

  const listen = () => listenWith(() => new Client({ connectionString: url }));
  const relay = (bus: ReturnType<typeof createRecordingBus>, options: Partial<RelayOptions> = {}) =>
    startRelay(db, bus, { services: [NoteEvents], pollIntervalMs: 20, ...options });
  const commit = (author: string, number: number) =>
    db.transaction().execute((tx) => write(tx, author, number));
  const emptied = () => expect.poll(async () => (await readOutboxState(db)).waiting, long).toBe(0);

  it("publishes what is committed, with its id, headers and time, and removes it", async () => {
    const bus = createRecordingBus();
    const time = new Date("2026-11-21T10:00:00.123Z");
    await using publishing = relay(bus);
    await db
      .transaction()
      .execute((tx) =>
        outbox(tx, NoteEvents).noteRead(
          { author: "Ada", number: 7 },
          { id: "note/7", headers: { "x-trace": "ä" }, time },
        ),
      );
    await emptied();
    expect(bus.stored).toMatchObject([
      {
        id: "note/7",
        topic: "noteRead",
        author: "Ada",
        number: 7,
        options: { headers: { "x-trace": "ä" }, time },
      },
    ]);
    expect(publishing.health()).toEqual({ published: 1, duplicates: 0, rejected: 0, failures: 0 });
  });

  it("has metrics", async () => {
    const bus = createRecordingBus();
    bus.before = ({ number }) => {
      if (number === 1) throw new BusError("too_large", "it is too large");
    };
    for (const number of [0, 1, 2]) await commit("Ada", number);
    const [waiting, oldest] = await valuesOf(outboxMetrics(db));
    expect(waiting).toEqual(["fanfare_outbox_waiting", 3]);
    expect(oldest).toEqual(["fanfare_outbox_oldest_seconds", expect.any(Number)]);
    await using publishing = relay(bus);
    await emptied();
    expect(await valuesOf(outboxMetrics(db))).toEqual([
      ["fanfare_outbox_waiting", 0],
      ["fanfare_outbox_oldest_seconds", 0],
      ["fanfare_outbox_rejected", 1],
    ]);
    await expect.poll(() => publishing.health().published, long).toBe(2);
    expect(await valuesOf(relayMetrics(publishing))).toEqual([
      ["fanfare_relay_published_total", 2],
      ["fanfare_relay_duplicates_total", 0],
      ["fanfare_relay_rejected_total", 1],
      ["fanfare_relay_failures_total", 0],
    ]);
  });

  it("never publishes what is rolled back", async () => {
    const bus = createRecordingBus();
    await using _ = relay(bus);
    const compensated = await db.startTransaction().execute();
    await write(compensated, "Ada", 1);
    await compensated.rollback().execute();
    await commit("Ada", 2);
    await emptied();
    expect(bus.stored.map(({ id }) => id)).toEqual(["Ada/2"]);
  });

  it("does not skip a transaction that commits late with a lower number", async () => {
    const bus = createRecordingBus();
    await using _ = relay(bus);
    const late = await db.startTransaction().execute();
    await write(late, "Ada", 1);
    await commit("Bob", 1);
    await expect.poll(() => bus.stored.map(({ id }) => id), long).toEqual(["Bob/1"]);
    await late.commit().execute();
    await emptied();
    expect(bus.stored.map(({ id }) => id)).toEqual(["Bob/1", "Ada/1"]);
  });

  it("wakes at the commit, long before it would look by itself", async () => {
    const bus = createRecordingBus();
    await using _ = relay(bus, { pollIntervalMs: 3_600_000, listen: listen() });
    await expect
      .poll(
        async () =>
          (await sql`select from pg_stat_activity where query = 'listen outbox'`.execute(db)).rows
            .length,
        long,
      )
      .toBe(1);
    await commit("Ada", 1);
    await expect.poll(() => bus.stored.length, long).toBe(1);
    // Again after the connection was lost, and what was committed meanwhile as well.
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen outbox'`.execute(
      db,
    );
    await commit("Ada", 2);
    await expect.poll(() => bus.stored.length, long).toBe(2);
  });

  it("publishes once and in order per key from several relays at the same time", async () => {
    const bus = createRecordingBus();
    bus.before = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    const pools = [connectNotes(url), connectNotes(url)];
    const options = { services: [NoteEvents], pollIntervalMs: 5, batchSize: 20, workers: 3 };
    const relays = pools.map((pool) => startRelay(pool, bus, options));
    const authors = Array.from({ length: 12 }, (_, index) => `author-${index}`);
    await Promise.all(
      authors.map(async (author) => {
        for (let number = 0; number < 50; number++) await commit(author, number);
      }),
    );
    await emptied();
    await Promise.all(relays.map((one) => one.stop()));
    await Promise.all(pools.map((pool) => pool.destroy()));
    const upTo50 = Array.from({ length: 50 }, (_, number) => number);
    for (const author of authors) {
      const published = bus.stored.filter((event) => event.author === author);
      expect(published.map(({ number }) => number)).toEqual(upTo50);
    }
    // Not one of them did it all.
    const shares = relays.map((one) => one.health().published);
    expect(Math.min(...shares)).toBeGreaterThan(0);
    expect(relays.map((one) => one.health().duplicates)).toEqual([0, 0]);
  });

  it("keeps what a relay holds from the others until the server ends its silence", async () => {
    await commit("Ada", 1);
    const inside = Promise.withResolvers<void>();
    const awake = Promise.withResolvers<void>();
    const silent = db.transaction().execute(async (tx) => {
      const places = await lockPartitions(tx, {
        topics: ["notes.written"],
        leaseDurationMs: 1_000,
      });
      expect(places).toMatchObject([{ topic: "notes.written" }]);
      inside.resolve();
      await awake.promise;
    });
    await inside.promise;
    const bus = createRecordingBus();
    await using publishing = relay(bus);
    await emptied();
    expect(bus.stored.length).toBe(1);
    expect(publishing.health().failures).toBe(0);
    // It has lost its lease, and can mark nothing.
    awake.resolve();
    await expect(silent).rejects.toThrow(/terminat|connection/i);
  });

  it("waits for a broker that is away, and then keeps the order", async () => {
    const bus = createRecordingBus();
    let away = true;
    bus.before = () => {
      if (away) throw new BusError("unavailable", "the broker is away");
    };
    await using publishing = relay(bus);
    for (let number = 0; number < 10; number++) await commit("Ada", number);
    await expect.poll(() => publishing.health().failures, long).toBeGreaterThan(2);
    expect(publishing.health().lastError?.message).toBe("the broker is away");
    away = false;
    await emptied();
    expect(bus.stored.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("lets a topic that is stuck not hold up another", async () => {
    const bus = createRecordingBus();
    bus.before = ({ topic }) => {
      if (topic === "noteErased") throw new BusError("resource_exhausted", "the stream is full");
    };
    await using _ = relay(bus);
    await db.transaction().execute(async (tx) => {
      const { noteErased, noteWritten } = outbox(tx, NoteEvents);
      for (let number = 0; number < 100; number++) await noteErased({ author: "Ada", number });
      await noteWritten({ author: "Ada", number: 1 });
    });
    await expect.poll(() => bus.stored.map(({ topic }) => topic), long).toEqual(["noteWritten"]);
  });

  it("rejects what can never be published, and goes on with its neighbours", async () => {
    const bus = createRecordingBus();
    bus.before = ({ number }) => {
      if (number === 1) throw new BusError("too_large", "it has 9 MB, and 1 MB is the limit");
    };
    const heard: string[] = [];
    for (const number of [0, 1, 2]) await commit("Ada", number);
    await sql`update outbox set data = '\\xff' where event_id = 'Ada/0'`.execute(db);
    await using publishing = relay(bus, { onRejected: ({ id }) => heard.push(id) });
    await emptied();
    expect(bus.stored.map(({ id }) => id)).toEqual(["Ada/2"]);
    expect(await listRejectedEvents(db)).toMatchObject([
      { id: "Ada/1", code: "too_large", reason: expect.stringContaining("9 MB") },
      { id: "Ada/0", code: "undecodable" },
    ]);
    await expect.poll(() => heard, long).toEqual(["Ada/0", "Ada/1"]);
    expect(publishing.health().rejected).toBe(heard.length);
  });

  it("rejects what a bus refuses to publish for good, and goes on with its key", async () => {
    await using bus = createMemoryBus({ store: createMemoryStore({ maxRecordBytes: 10_000 }) });
    const heard: number[] = [];
    await bus.subscribe("readers", (on) =>
      on.service(NoteEvents, { noteWritten: ({ number }) => void heard.push(number) }),
    );
    await db.transaction().execute(async (tx) => {
      const { noteWritten } = outbox(tx, NoteEvents);
      await noteWritten({ author: "Ada", number: 1 });
      await noteWritten({ author: "Ada", number: 2, body: new Uint8Array(20_000) }, { id: "big" });
      for (const id of ["cut", "strange"]) await noteWritten({ author: "Ada", number: 4 }, { id });
      await noteWritten({ author: "Ada", number: 3 });
      await sql`update outbox set data = substring(data for 3) where event_id = 'cut'`.execute(tx);
      await sql`update outbox set type = 'notes.v1.Page' where event_id = 'strange'`.execute(tx);
    });
    await using _ = startRelay(db, bus, { services: [NoteEvents], pollIntervalMs: 20 });
    await emptied();
    await bus.idle();
    expect(heard).toEqual([1, 3]);
    const rejected = await listRejectedEvents(db);
    expect(Object.fromEntries(rejected.map(({ id, code }) => [id, code]))).toEqual({
      big: "too_large",
      cut: "undecodable",
      strange: "undecodable",
    });
  });

  it("says that a published id came again with other contents, of which the broker keeps the first", async () => {
    await using bus = createMemoryBus();
    const heard: number[] = [];
    await bus.subscribe("readers", (on) =>
      on.service(NoteEvents, { noteWritten: ({ number }) => void heard.push(number) }),
    );
    await using publishing = startRelay(db, bus, { services: [NoteEvents], pollIntervalMs: 20 });
    for (const number of [1, 2]) {
      await db
        .transaction()
        .execute((tx) =>
          outbox(tx, NoteEvents).noteWritten({ author: "Ada", number }, { id: "reused" }),
        );
      await emptied();
    }
    await bus.idle();
    expect(heard).toEqual([1]);
    await expect
      .poll(() => publishing.health(), long)
      .toMatchObject({ published: 2, duplicates: 1 });
  });

  it("waits for a migration that comes late, and says so", async () => {
    const bare = connectNotes(await server.createDatabase("late"));
    const bus = createRecordingBus();
    const errors: BusError[] = [];
    await using publishing = startRelay(bare, bus, {
      services: [NoteEvents],
      pollIntervalMs: 20,
      onError: (error) => errors.push(error),
    });
    await expect
      .poll(() => errors[0], long)
      .toMatchObject({
        code: "not_provisioned",
        message: expect.stringContaining("outboxMigration"),
      });
    await outboxMigration.up(bare);
    await bare.transaction().execute((tx) => write(tx, "Ada", 1));
    await expect.poll(() => bus.stored.length, long).toBe(1);
    await publishing.stop();
    await bare.destroy();
  });

  it("rejects, past its grace, what is of a topic that no relay knows", async () => {
    const bus = createRecordingBus();
    await db
      .transaction()
      .execute((tx) => outbox(tx, ShelfEvents).shelf01({ author: "Ada" }, { id: "shelf" }));
    await commit("Ada", 1);
    {
      await using _ = relay(bus);
      await expect.poll(() => readOutboxState(db), long).toMatchObject({ waiting: 1, rejected: 0 });
      expect(bus.stored.map(({ id }) => id)).toEqual(["Ada/1"]);
    }
    await using _ = relay(bus, { unknownTopicGraceMs: 1 });
    await emptied();
    expect(await listRejectedEvents(db)).toMatchObject([{ id: "shelf", code: "unknown_topic" }]);
  });

  it("counts what is rejected while it looks for unknown topics", async () => {
    const bus = createRecordingBus();
    bus.before = () => {
      throw new BusError("too_large", "it is too large");
    };
    await db
      .transaction()
      .execute((tx) => outbox(tx, ShelfEvents).shelf01({ author: "Ada" }, { id: "shelf" }));
    await sql`update outbox set written_at = now() - interval '2 minutes'`.execute(db);
    const counted = Promise.withResolvers<void>();
    const held = db.transaction().execute(async (tx) => {
      await sql`select from outbox for update`.execute(tx);
      await counted.promise;
    });
    await using publishing = relay(bus, { unknownTopicGraceMs: 60_000 });
    await commit("Ada", 1);
    try {
      await expect.poll(() => publishing.health().rejected, long).toBe(1);
    } finally {
      counted.resolve();
      await held;
    }
    await emptied();
    await expect.poll(() => publishing.health().rejected, long).toBe(2);
  });

  it("repeats with the same id what a server's crash keeps it from marking", async () => {
    const bus = createRecordingBus();
    let kills = 0;
    bus.before = async ({ number }) => {
      if (number === 3 && kills++ === 0) await server.kill();
    };
    await using publishing = relay(bus, { batchSize: 1_000 });
    await db.transaction().execute(async (tx) => {
      for (let number = 0; number < 6; number++) await write(tx, "Ada", number);
    });
    await expect.poll(() => publishing.health().failures, long).toBeGreaterThan(0);
    await server.start();
    await emptied();
    const firsts = [...new Set(bus.stored.map(({ id }) => id))];
    expect(firsts).toEqual([0, 1, 2, 3, 4, 5].map((number) => `Ada/${number}`));
    expect(bus.stored.length).toBeGreaterThan(6);
  });

  it("stops by its deadline while the broker does not answer", async () => {
    const bus = createRecordingBus();
    bus.before = () => new Promise(() => {});
    const stuck = relay(bus);
    await commit("Ada", 1);
    const begun = performance.now();
    await stuck.stop({ timeoutMs: 500 });
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect((await readOutboxState(db)).waiting).toBe(1);
  });

  it("stops when all is done, however long it may take", async () => {
    const bus = createRecordingBus();
    const publishing = Promise.withResolvers<void>();
    const inside = Promise.withResolvers<void>();
    bus.before = () => {
      inside.resolve();
      return publishing.promise;
    };
    const slow = relay(bus);
    await commit("Ada", 1);
    await inside.promise;
    const stopped = slow.stop({ timeoutMs: Infinity });
    const first = await Promise.race([stopped.then(() => "stopped"), sleep(100, "waits")]);
    publishing.resolve();
    await stopped;
    expect(first).toBe("waits");
    expect((await readOutboxState(db)).waiting).toBe(0);
  });

  it.each<Partial<RelayOptions>>([
    { batchSize: 0 },
    { batchSize: 1.5 },
    { workers: -1 },
    { workers: 1.5 },
    { leaseDurationMs: Number.NaN },
    { leaseDurationMs: 2 ** 31 },
    { pollIntervalMs: 2 ** 31 },
    { unknownTopicGraceMs: Number.NaN },
    { unknownTopicGraceMs: -1 },
  ])("refuses %o", (wrong) => {
    expect(() => relay(createRecordingBus(), wrong)).toThrow(
      expect.objectContaining({
        code: "invalid_argument",
        message: expect.stringContaining(Object.keys(wrong).join()),
      }),
    );
  });

  it.each([Infinity, 1e15, Number.MAX_VALUE])(
    "leaves what is of an unknown topic for %d ms, and publishes what is known",
    async (unknownTopicGraceMs) => {
      const bus = createRecordingBus();
      await db
        .transaction()
        .execute((tx) => outbox(tx, ShelfEvents).shelf01({ author: "Ada" }, { id: "shelf" }));
      await commit("Ada", 1);
      await using publishing = relay(bus, { unknownTopicGraceMs });
      await expect.poll(() => publishing.health().published, long).toBe(1);
      expect(publishing.health().failures).toBe(0);
      expect(await readOutboxState(db)).toMatchObject({ waiting: 1, rejected: 0 });
    },
  );

  it("goes on where those that hear of it throw, and counts it", async () => {
    const bus = createRecordingBus();
    let away = true;
    bus.before = ({ number }) => {
      if (away) throw new BusError("unavailable", "the broker is away");
      if (number === 1) throw new BusError("too_large", "it is too large");
    };
    const heard: string[] = [];
    await using publishing = relay(bus, {
      workers: 1,
      onError: ({ message }) => {
        heard.push(message);
        away = false;
        throw new Error("onError is broken");
      },
      onRejected: () => {
        throw new Error("onRejected is broken");
      },
    });
    for (const number of [0, 1, 2]) await commit("Ada", number);
    await emptied();
    expect(bus.stored.map(({ id }) => id)).toEqual(["Ada/0", "Ada/2"]);
    await expect.poll(() => publishing.health().failures, long).toBe(4);
    expect(publishing.health()).toMatchObject({ published: 2, rejected: 1 });
    expect(publishing.health().lastError?.message).toBe("onError is broken");
    expect(heard).toEqual(["the broker is away", "onRejected is broken"]);
  });

  it("publishes once where the database's isolation is stricter by default", async () => {
    const strictUrl = await server.createDatabase("strict");
    const admin = await openNotes(strictUrl);
    await sql`alter database strict set default_transaction_isolation = 'repeatable read'`.execute(
      admin,
    );
    const bus = createRecordingBus();
    const strict = connectNotes(strictUrl, 10);
    const options = { services: [NoteEvents], pollIntervalMs: 1, batchSize: 20 };
    const relays = Array.from({ length: 4 }, () => startRelay(strict, bus, options));
    for (let round = 0; round < 30; round++) {
      await admin.transaction().execute(async (tx) => {
        for (let key = 0; key < 12; key++) await write(tx, `author-${key}`, round);
      });
    }
    await expect.poll(async () => (await readOutboxState(admin)).waiting, long).toBe(0);
    await Promise.all(relays.map((one) => one.stop()));
    await Promise.all([admin.destroy(), strict.destroy()]);
    expect(bus.stored).toHaveLength(360);
    expect(relays.map((one) => one.health().failures)).toEqual([0, 0, 0, 0]);
  });

  it("does not mind what plugins and parsers make of rows", async () => {
    const altered = new Kysely<NotesDatabase>({
      dialect: new PostgresDialect({
        pool: new Pool({ connectionString: url, max: 5, types: { getTypeParser: textual } }),
      }),
      plugins: [new ParseJSONResultsPlugin(), new CamelCasePlugin({ upperCase: true })],
    });
    const bus = createRecordingBus();
    bus.before = ({ number }) => {
      if (number === 2) throw new BusError("too_large", "it is too large");
    };
    const time = new Date("2026-11-21T10:00:00.123Z");
    const headers = { "x-trace": "abc" };
    const commitAltered = (number: number) =>
      altered
        .transaction()
        .execute((tx) =>
          outbox(tx, NoteEvents).noteWritten(
            { author: "Ada", number },
            { id: `{"id":${number}}`, headers, time },
          ),
        );
    const first = await commitAltered(1);
    expect(await commitAltered(1)).toEqual({ ...first, duplicate: true });
    await expect(commitAltered(1)).resolves.toMatchObject({ sequence: expect.any(Number) });
    await commitAltered(2);
    expect(await readOutboxState(altered)).toEqual({
      waiting: 2,
      oldestMs: expect.any(Number),
      rejected: 0,
    });
    await using publishing = startRelay(altered, bus, {
      services: [NoteEvents],
      pollIntervalMs: 20,
    });
    await emptied();
    await publishing.stop();
    expect(publishing.health()).toEqual({ published: 1, duplicates: 0, rejected: 1, failures: 0 });
    expect(bus.stored).toMatchObject([{ id: `{"id":1}`, number: 1, options: { headers, time } }]);
    const [rejected] = await listRejectedEvents(altered);
    expect(rejected).toMatchObject({ id: `{"id":2}`, code: "too_large" });
    expect(rejected?.rejectedAt).toBeInstanceOf(Date);
    const { rows } = await sql<{ same: boolean }>`
      select date_trunc('milliseconds', rejected_at) = ${rejected?.rejectedAt} as same
      from outbox`.execute(db);
    expect(rows).toEqual([{ same: true }]);
    await altered.destroy();
  });
});

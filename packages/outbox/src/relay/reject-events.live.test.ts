import { BusError, createMemoryBus, createMemoryStore } from "@fanfare/bus";
import { NoteEvents, ShelfEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { Kysely, sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRecordingBus, type NotesDatabase } from "../../test/notes.ts";
import { long, type RelayLab, startRelayLab } from "../../test/relay-lab.ts";
import { listRejectedEvents } from "../outbox/list-rejected-events.ts";
import { outbox } from "../outbox/outbox.ts";
import { readOutboxState } from "../outbox/read-outbox-state.ts";
import { startRelay } from "./start-relay.ts";

describe("a relay that rejects events", { timeout: 120_000 }, () => {
  let lab: RelayLab;
  let db: Kysely<NotesDatabase>;
  beforeAll(async () => {
    lab = await startRelayLab();
    ({ db } = lab);
  }, 60_000);
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  }, 60_000);
  beforeEach(() => lab.clear());

  it("rejects an event that can never be published, and publishes its neighbours", async () => {
    const bus = createRecordingBus();
    bus.before = ({ number }) => {
      if (number === 1) throw new BusError("too_large", "it has 9 MB, and 1 MB is the limit");
    };
    const heard: string[] = [];
    for (const number of [0, 1, 2]) await lab.commit("Ada", number);
    await sql`update outbox set data = '\\xff' where event_id = 'Ada/0'`.execute(db);
    await using publishing = lab.startRelay(bus, { onRejected: ({ id }) => heard.push(id) });
    await lab.waitUntilEmpty();
    expect(bus.stored.map(({ id }) => id)).toEqual(["Ada/2"]);
    expect(await listRejectedEvents(db)).toMatchObject([
      { id: "Ada/1", code: "too_large", reason: expect.stringContaining("9 MB") },
      { id: "Ada/0", code: "undecodable" },
    ]);
    await expect.poll(() => heard, long).toEqual(["Ada/0", "Ada/1"]);
    expect(publishing.health().rejected).toBe(heard.length);
  });

  it("rejects an event that the bus refuses, and publishes the next of its key", async () => {
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
    await lab.waitUntilEmpty();
    await bus.idle();
    expect(heard).toEqual([1, 3]);
    const rejected = await listRejectedEvents(db);
    expect(Object.fromEntries(rejected.map(({ id, code }) => [id, code]))).toEqual({
      big: "too_large",
      cut: "undecodable",
      strange: "undecodable",
    });
  });

  it("rejects an event of an unknown topic after the grace period", async () => {
    const bus = createRecordingBus();
    await db
      .transaction()
      .execute((tx) => outbox(tx, ShelfEvents).shelf01({ author: "Ada" }, { id: "shelf" }));
    await lab.commit("Ada", 1);
    {
      await using _ = lab.startRelay(bus);
      await expect.poll(() => readOutboxState(db), long).toMatchObject({ waiting: 1, rejected: 0 });
      expect(bus.stored.map(({ id }) => id)).toEqual(["Ada/1"]);
    }
    await using _ = lab.startRelay(bus, { unknownTopicGraceMs: 1 });
    await lab.waitUntilEmpty();
    expect(await listRejectedEvents(db)).toMatchObject([{ id: "shelf", code: "unknown_topic" }]);
  });

  it("counts events that are rejected while it searches for unknown topics", async () => {
    const bus = createRecordingBus();
    bus.before = () => {
      throw new BusError("too_large", "it is too large");
    };
    await db
      .transaction()
      .execute((tx) => outbox(tx, ShelfEvents).shelf01({ author: "Ada" }, { id: "shelf" }));
    await sql`update outbox set written_at = now() - interval '2 minutes'`.execute(db);
    const locked = Promise.withResolvers<void>();
    const counted = Promise.withResolvers<void>();
    const held = db.transaction().execute(async (tx) => {
      await sql`select from outbox for update`.execute(tx);
      locked.resolve();
      await counted.promise;
    });
    await locked.promise;
    await using publishing = lab.startRelay(bus, { unknownTopicGraceMs: 60_000 });
    await lab.commit("Ada", 1);
    try {
      await expect.poll(() => publishing.health().rejected, long).toBe(1);
    } finally {
      counted.resolve();
      await held;
    }
    await lab.waitUntilEmpty();
    await expect.poll(() => publishing.health().rejected, long).toBe(2);
  });

  it.each([Infinity, 1e15, Number.MAX_VALUE])(
    "keeps an event of an unknown topic for %d ms, and publishes known ones",
    async (unknownTopicGraceMs) => {
      const bus = createRecordingBus();
      await db
        .transaction()
        .execute((tx) => outbox(tx, ShelfEvents).shelf01({ author: "Ada" }, { id: "shelf" }));
      await lab.commit("Ada", 1);
      await using publishing = lab.startRelay(bus, { unknownTopicGraceMs });
      await expect.poll(() => publishing.health().published, long).toBe(1);
      expect(publishing.health().failures).toBe(0);
      expect(await readOutboxState(db)).toMatchObject({ waiting: 1, rejected: 0 });
    },
  );

  it.each(["throws", "rejects"])("continues when a listener %s, and counts it", async (how) => {
    const fail = (message: string): unknown => {
      const error = new Error(message);
      if (how === "rejects") return Promise.reject(error);
      throw error;
    };
    const bus = createRecordingBus();
    let away = true;
    bus.before = ({ number }) => {
      if (away) throw new BusError("unavailable", "the broker is away");
      if (number === 1) throw new BusError("too_large", "it is too large");
    };
    const heard: string[] = [];
    await using publishing = lab.startRelay(bus, {
      workers: 1,
      onError: ({ message }) => {
        heard.push(message);
        away = false;
        return fail("onError is broken");
      },
      onRejected: () => fail("onRejected is broken"),
    });
    for (const number of [0, 1, 2]) await lab.commit("Ada", number);
    await lab.waitUntilEmpty();
    expect(bus.stored.map(({ id }) => id)).toEqual(["Ada/0", "Ada/2"]);
    await expect.poll(() => publishing.health().failures, long).toBe(4);
    expect(publishing.health()).toMatchObject({ published: 2, rejected: 1 });
    expect(publishing.health().lastError?.message).toBe("onError is broken");
    expect(heard).toEqual(["the broker is away", "onRejected is broken"]);
  });
});

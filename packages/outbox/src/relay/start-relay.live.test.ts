import { BusError, type BusMetric } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { Kysely } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectNotes, createRecordingBus, type NotesDatabase } from "../../test/notes.ts";
import {
  lockWaitingPartitions,
  long,
  type RelayLab,
  startRelayLab,
  writeNote,
} from "../../test/relay-lab.ts";
import { createOutboxMetrics, createRelayMetrics } from "../metrics.ts";
import { outbox } from "../outbox/outbox.ts";
import type { RelayOptions } from "./relay.ts";
import { startRelay } from "./start-relay.ts";

async function readValues(collect: () => Promise<readonly BusMetric[]>) {
  return (await collect()).map(({ name, samples }) => [name, samples[0]?.value]);
}

describe("startRelay()", { timeout: 120_000 }, () => {
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

  it("publishes a committed event with its id, attributes, headers and time, and removes it", async () => {
    const bus = createRecordingBus();
    const time = new Date("2026-11-21T10:00:00.123Z");
    await using publishing = lab.startRelay(bus);
    await db
      .transaction()
      .execute((tx) =>
        outbox(tx, NoteEvents).noteRead(
          { author: "Ada", number: 7 },
          { id: "note/7", attributes: { subject: "Zoë" }, headers: { "x-trace": "ä" }, time },
        ),
      );
    await lab.waitUntilEmpty();
    expect(bus.stored).toMatchObject([
      {
        id: "note/7",
        topic: "noteRead",
        author: "Ada",
        number: 7,
        options: { attributes: { subject: "Zoë" }, headers: { "x-trace": "ä" }, time },
      },
    ]);
    expect(publishing.health()).toEqual({ published: 1, duplicates: 0, rejected: 0, failures: 0 });
  });

  it("has metrics", async () => {
    const bus = createRecordingBus();
    bus.before = ({ number }) => {
      if (number === 1) throw new BusError("too_large", "it is too large");
    };
    for (const number of [0, 1, 2]) await lab.commit("Ada", number);
    const [waiting, oldest] = await readValues(createOutboxMetrics(db));
    expect(waiting).toEqual(["fanfare_outbox_waiting", 3]);
    expect(oldest).toEqual(["fanfare_outbox_oldest_seconds", expect.any(Number)]);
    await using publishing = lab.startRelay(bus);
    await lab.waitUntilEmpty();
    expect(await readValues(createOutboxMetrics(db))).toEqual([
      ["fanfare_outbox_waiting", 0],
      ["fanfare_outbox_oldest_seconds", 0],
      ["fanfare_outbox_rejected", 1],
    ]);
    await expect.poll(() => publishing.health().published, long).toBe(2);
    expect(await readValues(createRelayMetrics(publishing))).toEqual([
      ["fanfare_relay_published_total", 2],
      ["fanfare_relay_duplicates_total", 0],
      ["fanfare_relay_rejected_total", 1],
      ["fanfare_relay_failures_total", 0],
    ]);
  });

  it("never publishes an event that was rolled back", async () => {
    const bus = createRecordingBus();
    await using _ = lab.startRelay(bus);
    const compensated = await db.startTransaction().execute();
    await writeNote(compensated, "Ada", 1);
    await compensated.rollback().execute();
    await lab.commit("Ada", 2);
    await lab.waitUntilEmpty();
    expect(bus.stored.map(({ id }) => id)).toEqual(["Ada/2"]);
  });

  it("publishes an event with a lower position that commits later", async () => {
    const bus = createRecordingBus();
    await using _ = lab.startRelay(bus);
    const late = await db.startTransaction().execute();
    await writeNote(late, "Ada", 1);
    await lab.commit("Bob", 1);
    await expect.poll(() => bus.stored.map(({ id }) => id), long).toEqual(["Bob/1"]);
    await late.commit().execute();
    await lab.waitUntilEmpty();
    expect(bus.stored.map(({ id }) => id)).toEqual(["Bob/1", "Ada/1"]);
  });

  it("publishes at once when it is woken after a commit, long before the next poll", async () => {
    const bus = createRecordingBus();
    await using publishing = lab.startRelay(bus, { pollIntervalMs: 3_600_000 });
    for (const number of [1, 2]) {
      await lab.commit("Ada", number);
      publishing.wake();
      await expect.poll(() => bus.stored.length, long).toBe(number);
    }
  });

  it("polls more often after events than when it is idle", async () => {
    const bus = createRecordingBus();
    await using _ = lab.startRelay(bus, { pollIntervalMs: 3_600_000 });
    // The first event wakes nobody and comes before the first poll or soon after it.
    await lab.commit("Ada", 1);
    await expect.poll(() => bus.stored.length, long).toBe(1);
    await lab.commit("Ada", 2);
    await expect.poll(() => bus.stored.length, long).toBe(2);
  });

  it("publishes once and in order per key with several concurrent relays", async () => {
    const bus = createRecordingBus();
    bus.before = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    const pools = [connectNotes(lab.url), connectNotes(lab.url)];
    const options = { services: [NoteEvents], pollIntervalMs: 5, batchSize: 20, workers: 3 };
    const relays = pools.map((pool) => startRelay(pool, bus, options));
    const authors = Array.from({ length: 12 }, (_, index) => `author-${index}`);
    await Promise.all(
      authors.map(async (author) => {
        for (let number = 0; number < 50; number++) await lab.commit(author, number);
      }),
    );
    await lab.waitUntilEmpty();
    await Promise.all(relays.map((one) => one.stop()));
    await Promise.all(pools.map((pool) => pool.destroy()));
    const upTo50 = Array.from({ length: 50 }, (_, number) => number);
    for (const author of authors) {
      const published = bus.stored.filter((event) => event.author === author);
      expect(published.map(({ number }) => number)).toEqual(upTo50);
    }
    // Every relay published a share.
    const shares = relays.map((one) => one.health().published);
    expect(Math.min(...shares)).toBeGreaterThan(0);
    expect(relays.map((one) => one.health().duplicates)).toEqual([0, 0]);
  });

  it("keeps the events of a silent relay from others until its lease ends", async () => {
    await lab.commit("Ada", 1);
    const inside = Promise.withResolvers<void>();
    const awake = Promise.withResolvers<void>();
    const silent = db.transaction().execute(async (tx) => {
      expect(await lockWaitingPartitions(tx)).toMatchObject([{ topic: "notes.written" }]);
      inside.resolve();
      await awake.promise;
    });
    await inside.promise;
    const bus = createRecordingBus();
    await using publishing = lab.startRelay(bus);
    await lab.waitUntilEmpty();
    expect(bus.stored.length).toBe(1);
    expect(publishing.health().failures).toBe(0);
    // The relay has lost its lease, and cannot remove the event.
    awake.resolve();
    await expect(silent).rejects.toThrow(/terminat|connection/i);
  });

  it("publishes other topics while one is blocked", async () => {
    const bus = createRecordingBus();
    bus.before = ({ topic }) => {
      if (topic === "noteErased") throw new BusError("resource_exhausted", "the stream is full");
    };
    await using _ = lab.startRelay(bus);
    await db.transaction().execute(async (tx) => {
      const { noteErased, noteWritten } = outbox(tx, NoteEvents);
      for (let number = 0; number < 100; number++) await noteErased({ author: "Ada", number });
      await noteWritten({ author: "Ada", number: 1 });
    });
    await expect.poll(() => bus.stored.map(({ topic }) => topic), long).toEqual(["noteWritten"]);
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
    expect(() => lab.startRelay(createRecordingBus(), wrong)).toThrow(
      expect.objectContaining({
        code: "invalid_argument",
        message: expect.stringContaining(Object.keys(wrong).join()),
      }),
    );
  });
});

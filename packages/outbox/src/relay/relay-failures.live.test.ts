import { setTimeout as sleep } from "node:timers/promises";
import { BusError, createMemoryBus } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { Kysely } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectNotes, createRecordingBus, type NotesDatabase } from "../../test/notes.ts";
import { long, type RelayLab, startRelayLab, writeNote } from "../../test/relay-lab.ts";
import { outbox } from "../outbox/outbox.ts";
import { outboxKeysMigration } from "../outbox/outbox-keys-migration.ts";
import { outboxMigration } from "../outbox/outbox-migration.ts";
import { readOutboxState } from "../outbox/read-outbox-state.ts";
import { startRelay } from "./start-relay.ts";

describe("a relay with failures", { timeout: 120_000 }, () => {
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

  it("retries while the broker is unavailable, and keeps the order", async () => {
    const bus = createRecordingBus();
    let away = true;
    bus.before = () => {
      if (away) throw new BusError("unavailable", "the broker is away");
    };
    await using publishing = lab.startRelay(bus);
    for (let number = 0; number < 10; number++) await lab.commit("Ada", number);
    await expect.poll(() => publishing.health().failures, long).toBeGreaterThan(2);
    expect(publishing.health().lastError?.message).toBe("the broker is away");
    away = false;
    await lab.waitUntilEmpty();
    expect(bus.stored.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("names each missing migration, and publishes once both have run", async () => {
    const bare = connectNotes(await lab.server.createDatabase("late"));
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
    await expect
      .poll(() => errors.at(-1)?.message, long)
      .toContain("no column transaction_id: run outboxKeysMigration");
    await expect(bare.transaction().execute((tx) => writeNote(tx, "Ada", 1))).rejects.toThrow(
      "outbox_keys does not exist: run outboxMigration and outboxKeysMigration",
    );
    await outboxKeysMigration.up(bare);
    await bare.transaction().execute((tx) => writeNote(tx, "Ada", 1));
    await expect.poll(() => bus.stored.length, long).toBe(1);
    await publishing.stop();
    await bare.destroy();
  });

  it("publishes each event once when the server crashes before the removal", async () => {
    const bus = createRecordingBus();
    let kills = 0;
    bus.before = async ({ number }) => {
      if (number === 3 && kills++ === 0) await lab.server.kill();
    };
    await using publishing = lab.startRelay(bus, { batchSize: 1_000 });
    await db.transaction().execute(async (tx) => {
      for (let number = 0; number < 6; number++) await writeNote(tx, "Ada", number);
    });
    await expect.poll(() => publishing.health().failures, long).toBeGreaterThan(0);
    await lab.server.start();
    await lab.waitUntilEmpty();
    expect(bus.stored.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("stops within its timeout while the broker does not answer", async () => {
    const bus = createRecordingBus();
    bus.before = () => new Promise(() => {});
    const stuck = lab.startRelay(bus);
    await lab.commit("Ada", 1);
    const begun = performance.now();
    await stuck.stop({ timeoutMs: 500 });
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect((await readOutboxState(db)).waiting).toBe(1);
  });

  it("waits for the running batch without a timeout", async () => {
    const bus = createRecordingBus();
    const publishing = Promise.withResolvers<void>();
    const inside = Promise.withResolvers<void>();
    bus.before = () => {
      inside.resolve();
      return publishing.promise;
    };
    const slow = lab.startRelay(bus);
    await lab.commit("Ada", 1);
    await inside.promise;
    const stopped = slow.stop({ timeoutMs: Infinity });
    const first = await Promise.race([stopped.then(() => "stopped"), sleep(100, "waits")]);
    publishing.resolve();
    await stopped;
    expect(first).toBe("waits");
    expect((await readOutboxState(db)).waiting).toBe(0);
  });

  it("counts a duplicate when a published id is stored again with other contents", async () => {
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
      await lab.waitUntilEmpty();
    }
    await bus.idle();
    expect(heard).toEqual([1]);
    await expect
      .poll(() => publishing.health(), long)
      .toMatchObject({ published: 2, duplicates: 1 });
  });
});

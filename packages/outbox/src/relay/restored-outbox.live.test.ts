import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectNotes, createRecordingBus } from "../../test/notes.ts";
import { long, type RelayLab, startRelayLab, writeNote } from "../../test/relay-lab.ts";
import { outbox } from "../outbox/outbox.ts";

describe("a relay whose outbox changes under it", { timeout: 120_000 }, () => {
  let lab: RelayLab;
  beforeAll(async () => {
    lab = await startRelayLab();
  }, 60_000);
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  }, 60_000);
  beforeEach(() => lab.clear());

  it("publishes the events of a backup that is restored at once, whatever their positions", async () => {
    const bus = createRecordingBus();
    await using relay = lab.startRelay(bus, { workers: 1 });
    for (let number = 0; number < 20; number++) await lab.commit("Ada", number);
    await expect.poll(() => relay.health().published, long).toBe(20);
    await lab.db.transaction().execute(async (tx) => {
      await sql`truncate outbox restart identity`.execute(tx);
      for (let number = 20; number < 50; number++) await writeNote(tx, "Ada", number);
    });
    await expect.poll(() => bus.stored.length, long).toBe(50);
  });

  it("refuses a sequence whose connections draw positions in advance, and names the remedy", async () => {
    const pools = [connectNotes(lab.url, 1), connectNotes(lab.url, 1)];
    await sql`alter table outbox alter column sequence set cache 20`.execute(lab.db);
    const bus = createRecordingBus();
    await using relay = lab.startRelay(bus);
    await pools[0]?.transaction().execute((tx) => writeNote(tx, "Bob", 1));
    await expect
      .poll(() => relay.health().lastError, long)
      .toMatchObject({
        code: "unsupported",
        message: expect.stringContaining("a cache of 1, got 20"),
      });
    expect(bus.stored).toEqual([]);
    await sql`alter table outbox alter column sequence set cache 1`.execute(lab.db);
    for (const [index, pool] of [...pools, ...pools].entries()) {
      await pool.transaction().execute((tx) => writeNote(tx, "Bob", index + 2));
    }
    await expect.poll(() => bus.stored.length, long).toBe(5);
    expect(bus.stored.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
    for (const pool of pools) await pool.destroy();
  });

  it("publishes large events in batches of a few, without leaving any behind", async () => {
    const body = new Uint8Array(1_000_000);
    await lab.db.transaction().execute(async (tx) => {
      const { noteWritten } = outbox(tx, NoteEvents);
      for (let number = 0; number < 40; number++) {
        await noteWritten({ author: `author-${number % 8}`, number, body });
      }
    });
    const bus = createRecordingBus();
    await using _ = lab.startRelay(bus);
    await lab.waitUntilEmpty();
    expect(bus.stored).toHaveLength(40);
  });
});

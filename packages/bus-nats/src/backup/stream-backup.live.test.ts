import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Nats } from "@fanfare/dev-stack";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { headers } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOwnNats } from "../../test/nats-server.ts";
import { openStreamBackup, restoreStreams } from "../index.ts";

describe("a backup of streams", { timeout: 60_000 }, () => {
  let folder: string;
  let source: Nats;
  let target: Nats;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "stream-backup-"));
    [source, target] = await Promise.all([startOwnNats(), startOwnNats()]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([source?.stop(), target?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  it("has positions as of the snapshots and messages up to the ends, with their headers", async () => {
    await using from = await open(source);
    await from.manager.streams.add({ name: "s", subjects: ["s.>"] });
    await from.manager.consumers.add("s", { durable_name: "c", ack_policy: AckPolicy.Explicit });
    for (const id of ["1", "2"]) await from.publish(id);
    await from.acknowledge();

    await using backup = await openStreamBackup({ servers: source.url }, folder);
    await backup.saveSnapshots();
    for (const id of ["3", "4"]) await from.publish(id);
    await from.acknowledge();
    const ends = await backup.readEnds();
    await from.publish("5");
    await backup.saveUntil(ends);

    expect(await restoreStreams({ servers: target.url }, folder)).toEqual(["s"]);
    await using to = await open(target);
    const { state } = await to.manager.streams.info("s");
    expect(state).toMatchObject({ messages: 4, last_seq: 4 });
    const last = await to.manager.streams.getMessage("s", { seq: 4 });
    expect(last?.header.get("Nats-Msg-Id")).toBe("4");
    expect(last?.string()).toBe("event 4");
    const consumer = await to.manager.consumers.info("s", "c");
    expect(consumer).toMatchObject({ ack_floor: { stream_seq: 1 }, num_pending: 3 });
    // The ids are known as before: an event that is published again is stored once.
    expect(await to.publish("4")).toMatchObject({ duplicate: true });
    await expect(restoreStreams({ servers: target.url }, folder)).rejects.toThrow(/already|name/);
  });

  it("refuses a backup during which a stream was created or deleted", async () => {
    await using from = await open(source);
    await using backup = await openStreamBackup({ servers: source.url }, `${folder}/other`);
    await backup.saveSnapshots();
    await from.manager.streams.add({ name: "late", subjects: ["late"] });
    const late = "the stream late was created during the backup: back up again";
    await expect(backup.readEnds()).rejects.toThrow(late);
    await from.manager.streams.delete("late");
    const ends = await backup.readEnds();
    await backup.saveUntil(ends);
    const gone = "the stream s was deleted during the backup: back up again";
    await expect(backup.saveUntil({})).rejects.toThrow(gone);
  });
});

async function open({ url }: Nats) {
  const client = await connect({ servers: url });
  const manager = await jetstreamManager(client);
  const stream = jetstream(client);
  return {
    manager,
    async publish(id: string) {
      const all = headers();
      all.set("Nats-Msg-Id", id);
      return await stream.publish(`s.${id}`, `event ${id}`, { headers: all });
    },
    async acknowledge() {
      const consumer = await stream.consumers.get("s", "c");
      const message = await consumer.next({ expires: 10_000 });
      await message?.ackAck();
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

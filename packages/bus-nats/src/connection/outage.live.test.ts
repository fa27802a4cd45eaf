import { BusError, type Lease } from "@fanfare/bus";
import type { Nats } from "@fanfare/dev-stack";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openAdmin } from "../../test/admin.ts";
import { startOwnNats } from "../../test/nats-server.ts";
import { append, createGroup, openBroker, openReader } from "../../test/open-broker.ts";

const soon = { timeout: 20_000, interval: 20 };

describe("a broker without its server", { timeout: 60_000 }, () => {
  let nats: Nats;
  beforeEach(async () => {
    nats = await startOwnNats();
  }, 120_000);
  afterEach(() => nats?.stop());

  it("loses no event when the server is killed while events flow", async () => {
    await using broker = openBroker({ servers: nats.url });
    await broker.declare(createGroup({ leaseDurationMs: 2_000 }));
    await using reader = await openReader(broker, createGroup({ leaseDurationMs: 2_000 }));
    const ids = Array.from({ length: 2_000 }, (_, n) => `event ${n}`);
    const waiting = [...ids];
    const publish = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        await append(broker, id, 30_000);
      }
    };
    const publishing = Promise.all(Array.from({ length: 8 }, publish));
    for (const share of [300, 900]) {
      await vi.waitFor(() => expect(reader.ids.length).toBeGreaterThan(share), soon);
      await nats.kill();
      await vi.waitFor(() => expect(broker.health().connected).toBe(false), soon);
      await nats.start();
    }
    await publishing;
    await vi.waitFor(() => expect(new Set(reader.ids).size).toBe(ids.length), soon);
    expect(reader.stream.health()).toEqual({});
  });

  it("neither duplicates, loses nor reorders publishes in flight", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "flow", maxInFlight: 500 });
    await broker.declare(createGroup());
    const ids = Array.from({ length: 6_000 }, (_, n) => `${n}`);
    const published = Promise.all(ids.map((id) => append(broker, id, 60_000)));
    for (const _ of [1, 2]) {
      await nats.kill();
      await nats.start();
      await vi.waitFor(() => expect(broker.health().connected).toBe(true), soon);
    }
    const sequences = (await published).map(({ sequence }) => sequence);
    expect(sequences).toEqual(ids.map((_, n) => n + 1));
    await using reader = await openReader(broker, createGroup());
    await vi.waitFor(() => expect(reader.ids).toHaveLength(ids.length), soon);
    expect(reader.ids).toEqual(ids);
  });

  it("keeps the position of a group that has read nothing yet", async () => {
    await using broker = openBroker({ servers: nats.url });
    await append(broker, "before");
    await broker.declare(createGroup());
    await append(broker, "after");
    await nats.kill();
    await nats.start();
    await broker.declare(createGroup({ from: "start" }));
    await using reader = await openReader(broker, createGroup());
    await vi.waitFor(() => expect(reader.ids).toEqual(["after"]), soon);
  });

  it("waits with a publish until its deadline", async () => {
    await using broker = openBroker({ servers: nats.url });
    await append(broker, "1");
    await nats.kill();
    await vi.waitFor(() => expect(broker.health().connected).toBe(false), soon);
    const late = append(broker, "2", 100);
    await expect(late).rejects.toMatchObject({ code: "deadline_exceeded", retryable: true });
    const patient = append(broker, "3", 30_000);
    await nats.start();
    await expect(patient).resolves.toEqual({ duplicate: false, sequence: 2 });
  });

  it("rejects a publish that its caller aborts", async () => {
    await using broker = openBroker({ servers: nats.url });
    await nats.kill();
    const { signal, ...giveUp } = controller();
    const record = { topic: "things.made", id: "1", partition: 0, headers: {} };
    const publish = broker.append(
      { ...record, data: new Uint8Array() },
      { timeoutMs: 30_000, signal },
    );
    giveUp.now();
    await expect(publish).rejects.toMatchObject({ code: "aborted", retryable: false });
  });

  it("completes what started before the server", async () => {
    await nats.kill();
    await using broker = openBroker({ servers: nats.url, requestTimeoutMs: 30_000 });
    const declared = broker.declare(createGroup());
    const published = declared.then(() => append(broker, "1", 30_000));
    await vi.waitFor(() => expect(broker.health().lastError).toBeInstanceOf(BusError), soon);
    await nats.start();
    await published;
    await using reader = await openReader(broker, createGroup());
    await vi.waitFor(() => expect(reader.ids).toEqual(["1"]), soon);
    expect(broker.health()).toEqual({ connected: true });
  });

  it("waits with an acknowledgement for the server", async () => {
    await using broker = openBroker({ servers: nats.url });
    await broker.declare(createGroup());
    await append(broker, "1");
    const leases: Lease[] = [];
    const stream = await broker.lease(createGroup(), (lease) => leases.push(lease));
    stream.request(1);
    await vi.waitFor(() => expect(leases).toHaveLength(1), soon);
    await nats.kill();
    await vi.waitFor(() => expect(broker.health().connected).toBe(false), soon);
    const acknowledged = leases[0]?.ack({ confirmed: true });
    await nats.start();
    await acknowledged;
    await using admin = await openAdmin(nats.url);
    const info = await admin.consumers.info("fanfare_things_made", "readers");
    expect([info.num_ack_pending, info.num_pending]).toEqual([0, 0]);
  });

  it("reports it in health(), and closes", async () => {
    const broker = openBroker({ servers: nats.url, requestTimeoutMs: 1_000 });
    await broker.declare(createGroup());
    const reader = await openReader(broker, createGroup());
    await nats.kill();
    await vi.waitFor(() => expect(broker.health().connected).toBe(false), soon);
    expect(reader.stream.health().error).toMatchObject({ code: "unavailable" });
    await expect(broker.declare(createGroup({ group: "others" }))).rejects.toMatchObject({
      code: "unavailable",
      retryable: true,
    });
    await broker.close();
    await expect(append(broker, "1")).rejects.toMatchObject({ code: "aborted" });
  });
});

function controller() {
  const abort = new AbortController();
  return { signal: abort.signal, now: () => abort.abort() };
}

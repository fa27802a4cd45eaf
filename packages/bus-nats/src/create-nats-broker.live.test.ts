import { createBus, createPublisher, type Lease } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import type { Nats } from "@fanfare/dev-stack";
import { MsgHdrsImpl } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openAdmin } from "../test/admin.ts";
import { startOwnNats } from "../test/nats-server.ts";
import {
  append,
  createGroup,
  createRecord,
  openBroker,
  openReader,
  readId,
} from "../test/open-broker.ts";
import { createNatsBroker } from "./create-nats-broker.ts";

const soon = { timeout: 20_000, interval: 20 };

describe("createNatsBroker()", { timeout: 60_000 }, () => {
  let nats: Nats;
  beforeAll(async () => {
    nats = await startOwnNats();
  }, 120_000);
  afterAll(() => nats?.stop());

  it("is a broker for createBus()", async () => {
    const broker = createNatsBroker({ servers: nats.url, prefix: "bus" });
    await using bus = createBus(broker, { source: "//notes" });
    const seen: string[] = [];
    await bus.subscribe("readers", (on) => {
      on.service(NoteEvents, { noteWritten: ({ author }) => void seen.push(author) });
    });
    await createPublisher(NoteEvents, bus).noteWritten({ author: "ada" }, { id: "1" });
    await vi.waitFor(() => expect(seen).toEqual(["ada"]), soon);
  });

  it("delivers to a group what is stored after it was declared", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "declared" });
    await append(broker, "before");
    await broker.declare(createGroup());
    const { sequence, duplicate } = await append(broker, "after");
    expect({ sequence, duplicate }).toEqual({ sequence: 2, duplicate: false });
    await using reader = await openReader(broker, createGroup());
    await vi.waitFor(() => expect(reader.ids).toEqual(["after"]), soon);
  });

  it("delivers no more than is requested", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "requested" });
    await broker.declare(createGroup());
    await Promise.all(["1", "2", "3", "4"].map((id) => append(broker, id)));
    const leases: Lease[] = [];
    const stream = await broker.lease(createGroup(), (lease) => leases.push(lease));
    stream.request(1);
    stream.request(1);
    await vi.waitFor(() => expect(leases).toHaveLength(2), soon);
    stream.request(1);
    await vi.waitFor(() => expect(leases).toHaveLength(3), soon);
    expect(leases.map((lease) => lease.deliveries)).toEqual([1, 1, 1]);
    await stream.close();
  });

  it("redelivers what is returned after its delay, and counts deliveries", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "returned" });
    await broker.declare(createGroup());
    await append(broker, "1");
    const seen: number[] = [];
    const settled: Promise<void>[] = [];
    const stream = await broker.lease(createGroup(), (lease) => {
      seen.push(lease.deliveries);
      const isLast = lease.deliveries === 3;
      settled.push(
        isLast ? (lease.ack({ confirmed: true }) ?? Promise.resolve()) : lease.nak({ delayMs: 20 }),
      );
      stream.request(1);
    });
    stream.request(1);
    await vi.waitFor(() => expect(seen).toEqual([1, 2, 3]), soon);
    await Promise.all(settled);
    await stream.close();
  });

  it("does not redeliver a record while its lease is extended", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "extended" });
    const short = createGroup({ leaseDurationMs: 1_500 });
    await broker.declare(short);
    await append(broker, "1");
    const leases: Lease[] = [];
    const stream = await broker.lease(short, (lease) => leases.push(lease));
    stream.request(2);
    await vi.waitFor(() => expect(leases).toHaveLength(1), soon);
    const twoLeasesOn = Date.now() + 3_000;
    const extend = async () => {
      await leases[0]?.extend();
      expect(Date.now()).toBeGreaterThan(twoLeasesOn);
    };
    await vi.waitFor(extend, { timeout: 20_000, interval: 100 });
    expect(leases).toHaveLength(1);
    await vi.waitFor(() => expect(leases).toHaveLength(2), soon);
    expect(leases.map((lease) => [readId(lease), lease.deliveries])).toEqual([
      ["1", 1],
      ["1", 2],
    ]);
    await stream.close();
  });

  it("distributes requests over the topics of a group, also when there are fewer requests than topics", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "turns" });
    const topics = ["a", "b", "c"];
    const of = createGroup({ topics });
    await broker.declare(of);
    await using reader = await openReader(broker, of, 1);
    const ids = topics.flatMap((topic) => [1, 2, 3].map((n) => `${topic}${n}`));
    for (const id of ids) {
      await broker.append(createRecord(id, { topic: id.slice(0, 1) }), {
        timeoutMs: 5_000,
        signal: undefined,
      });
    }
    await vi.waitFor(() => expect(reader.ids.toSorted()).toEqual(ids), soon);
  });

  it("delivers what is no event, and what follows it", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "foreign" });
    await broker.declare(createGroup());
    await using admin = await openAdmin(nats.url);
    const headers = MsgHdrsImpl.fromRecord({ "no header": ["1"] });
    await admin.jetstream().publish("foreign.things.made.0", "?", { headers });
    await append(broker, "1");
    await using reader = await openReader(broker, createGroup());
    await vi.waitFor(() => expect(reader.ids).toEqual(["", "1"]), soon);
  });

  it("stores an id once, also when it is published a thousand times", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "once" });
    await broker.declare(createGroup());
    const all = await Promise.all(Array.from({ length: 1_000 }, () => append(broker, "1")));
    expect(all.filter((appended) => !appended.duplicate)).toHaveLength(1);
  });

  it("delivers ten thousand records", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "many" });
    await broker.declare(createGroup());
    await using reader = await openReader(broker, createGroup(), 64);
    for (let i = 0; i < 10_000; i += 1_000) {
      await Promise.all(Array.from({ length: 1_000 }, (_, n) => append(broker, `${i + n}`)));
    }
    await vi.waitFor(() => expect(new Set(reader.ids).size).toBe(10_000), soon);
    expect(reader.ids).toHaveLength(10_000);
  });
});

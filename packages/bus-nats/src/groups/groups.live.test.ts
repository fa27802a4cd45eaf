import type { Lease } from "@fanfare/bus";
import type { Nats } from "@fanfare/dev-stack";
import { DeliverPolicy } from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openAdmin } from "../../test/admin.ts";
import { startOwnNats } from "../../test/nats-server.ts";
import {
  append,
  createGroup,
  disposable,
  openBroker,
  openReader,
  readId,
} from "../../test/open-broker.ts";

const soon = { timeout: 20_000, interval: 20 };
const formatStream = (prefix: string) => `${prefix}_things_made`;

describe("a consumer group on JetStream", { timeout: 60_000 }, () => {
  let nats: Nats;
  beforeAll(async () => {
    nats = await startOwnNats();
  }, 120_000);
  afterAll(() => nats?.stop());

  it("is a durable consumer with unlimited deliveries that receives its own replays", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "durable" });
    await using admin = await openAdmin(nats.url);
    await broker.declare(createGroup({ leaseDurationMs: 3_000 }));
    const { config } = await admin.consumers.info(formatStream("durable"), "readers");
    expect(config).toMatchObject({
      durable_name: "readers",
      deliver_policy: "new",
      ack_policy: "explicit",
      ack_wait: nanos(3_000),
      max_deliver: -1,
      filter_subjects: ["durable.things.made.*", "durable.things.made._replay.readers"],
    });
    expect(config.backoff).toBeUndefined();
  });

  it("starts where it was declared to start, and keeps its position", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "position" });
    await append(broker, "1");
    const between = await nextMillisecond();
    await append(broker, "2");
    await broker.declare(createGroup({ group: "all", from: "start" }));
    await broker.declare(createGroup({ group: "some", from: between }));
    await broker.declare(createGroup({ group: "none", from: "now" }));
    await append(broker, "3");
    await broker.declare(createGroup({ group: "none", from: "now" }));
    await broker.declare(createGroup({ group: "all", from: "now" }));
    const expected = { all: ["1", "2", "3"], some: ["2", "3"], none: ["3"] };
    for (const [name, ids] of Object.entries(expected)) {
      await using reader = await openReader(broker, createGroup({ group: name }));
      await vi.waitFor(() => expect(reader.ids).toEqual(ids), soon);
    }
  });

  it("delivers each event to one of its processes", async () => {
    const options = { servers: nats.url, prefix: "shared" };
    await using first = openBroker(options);
    await using second = openBroker(options);
    await Promise.all([first.declare(createGroup()), second.declare(createGroup())]);
    await using one = await openReader(first, createGroup(), 4);
    await using two = await openReader(second, createGroup(), 4);
    const ids = Array.from({ length: 500 }, (_, n) => `${n}`);
    await Promise.all(ids.map((id) => append(first, id)));
    await vi.waitFor(() => expect(one.ids.length + two.ids.length).toBe(500), soon);
    expect(new Set([...one.ids, ...two.ids]).size).toBe(500);
    expect(Math.min(one.ids.length, two.ids.length)).toBeGreaterThan(50);
  });

  it("loses no acknowledgement that precedes the closing of the bus", async () => {
    await using admin = await openAdmin(nats.url);
    const broker = openBroker({ servers: nats.url, prefix: "closing" });
    const patient = createGroup({ leaseDurationMs: 60_000 });
    await broker.declare(patient);
    await Promise.all(Array.from({ length: 500 }, (_, n) => append(broker, `${n}`)));
    const leases: Lease[] = [];
    const stream = await broker.lease(patient, (lease) => leases.push(lease));
    stream.request(500);
    await vi.waitFor(() => expect(leases).toHaveLength(500), soon);
    const acknowledged = leases.map((lease) => lease.ack({ confirmed: false }));
    await broker.close();
    await Promise.all(acknowledged.map((each) => each ?? Promise.resolve()));
    await vi.waitFor(async () => {
      const info = await admin.consumers.info(formatStream("closing"), "readers");
      expect([info.num_ack_pending, info.num_pending]).toEqual([0, 0]);
    }, soon);
  });

  it("releases what is delivered to a process that stops", async () => {
    const options = { servers: nats.url, prefix: "stopping" };
    const patient = createGroup({ leaseDurationMs: 60_000 });
    await using after = openBroker(options);
    await using broker = openBroker(options);
    await broker.declare(patient);
    await Promise.all(Array.from({ length: 2_000 }, (_, n) => append(broker, `${n}`)));
    const first = await openReader(broker, patient, 1_000);
    await vi.waitFor(() => expect(first.ids.length).toBeGreaterThan(0), soon);
    await first.stream.close();
    const before = first.ids.length;
    await using rest = await openReader(after, patient, 100);
    await vi.waitFor(() => expect(before + rest.ids.length).toBe(2_000), soon);
    expect(new Set([...first.ids, ...rest.ids]).size).toBe(2_000);
    expect(first.ids).toHaveLength(before);
  });

  it("reports not_provisioned when its consumer is deleted, and resumes once it exists again", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "deleted" });
    await using guest = openBroker({ servers: nats.url, prefix: "deleted", provision: false });
    await using admin = await openAdmin(nats.url);
    await broker.declare(createGroup());
    await guest.declare(createGroup());
    await using reader = await openReader(guest, createGroup());
    await append(broker, "1");
    await vi.waitFor(() => expect(reader.ids).toEqual(["1"]), soon);
    await admin.consumers.delete(formatStream("deleted"), "readers");
    await vi.waitFor(
      () => expect(reader.stream.health().error).toMatchObject({ code: "not_provisioned" }),
      soon,
    );
    await broker.declare(createGroup());
    await append(broker, "2");
    await vi.waitFor(() => expect(reader.ids).toEqual(["1", "2"]), soon);
    expect(reader.stream.health()).toEqual({});
  });

  it("continues at the first unacknowledged event when its consumer is deleted", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "restored" });
    await using admin = await openAdmin(nats.url);
    await broker.declare(createGroup());
    for (const id of ["1", "2", "3"]) await append(broker, id);
    const leases: Lease[] = [];
    await using stream = disposable(
      await broker.lease(createGroup(), (lease) => leases.push(lease)),
    );
    stream.request(10);
    await vi.waitFor(() => expect(leases.map(readId)).toEqual(["1", "2", "3"]), soon);
    await leases[0]?.ack({ confirmed: true });
    await leases[2]?.ack({ confirmed: false });
    await admin.consumers.delete(formatStream("restored"), "readers");
    await append(broker, "4");
    await vi.waitFor(() => expect(leases.map(readId)).toEqual(["1", "2", "3", "2", "4"]), soon);
    expect(stream.health()).toEqual({});
  });

  it("continues in a new stream when its stream is deleted, and reports data_loss", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "gone" });
    await using admin = await openAdmin(nats.url);
    await broker.declare(createGroup());
    await using reader = await openReader(broker, createGroup());
    await append(broker, "1");
    await vi.waitFor(() => expect(reader.ids).toEqual(["1"]), soon);
    await admin.streams.delete(formatStream("gone"));
    await append(broker, "2");
    await append(broker, "3");
    await vi.waitFor(() => expect(reader.ids).toEqual(["1", "2", "3"]), soon);
    expect(broker.health()).toMatchObject({
      connected: true,
      lastError: { code: "data_loss", message: expect.stringContaining("gone_things_made") },
    });
    // It is no error for ever.
    const anHourLater = performance.now() + 3_600_000;
    const now = vi.spyOn(performance, "now").mockReturnValue(anHourLater);
    const health = broker.health();
    now.mockRestore();
    expect(health).toEqual({ connected: true });
  });

  it("is updated where JetStream allows it", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "changed" });
    await using admin = await openAdmin(nats.url);
    await append(broker, "1");
    await broker.declare(createGroup({ from: "start", leaseDurationMs: 1_000 }));
    await broker.declare(createGroup({ from: "now", leaseDurationMs: 2_000 }));
    const { config } = await admin.consumers.info(formatStream("changed"), "readers");
    expect(config).toMatchObject({ ack_wait: nanos(2_000), deliver_policy: "all" });
  });

  it("rejects with drift where it cannot be updated", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "drift" });
    await using admin = await openAdmin(nats.url);
    await broker.declare(createGroup({ group: "others" }));
    await admin.consumers.add(formatStream("drift"), {
      durable_name: "readers",
      ack_policy: "none",
      deliver_policy: DeliverPolicy.All,
    });
    await expect(broker.declare(createGroup())).rejects.toMatchObject({
      code: "drift",
      retryable: false,
      message: expect.stringContaining('ack_policy is "none", expected "explicit"'),
    });
    expect((await admin.consumers.info(formatStream("drift"), "readers")).config.ack_policy).toBe(
      "none",
    );
  });

  it("is not created by a process that may not provision", async () => {
    await using owner = openBroker({ servers: nats.url, prefix: "guest" });
    await using guest = openBroker({ servers: nats.url, prefix: "guest", provision: false });
    await expect(guest.declare(createGroup())).rejects.toMatchObject({ code: "not_provisioned" });
    await expect(append(guest, "1")).rejects.toMatchObject({ code: "not_provisioned" });
    await owner.declare(createGroup());
    await guest.declare(createGroup());
    await append(guest, "1");
    await using reader = await openReader(guest, createGroup());
    await vi.waitFor(() => expect(reader.ids).toEqual(["1"]), soon);
    await expect(guest.declare(createGroup({ leaseDurationMs: 1 }))).rejects.toMatchObject({
      code: "drift",
    });
  });
});

/** A date has no more than milliseconds, and more than one event is stored in one of them. */
async function nextMillisecond(): Promise<Date> {
  const now = Date.now();
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(now), { interval: 1 });
  return new Date();
}

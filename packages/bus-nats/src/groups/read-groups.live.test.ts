import type { Lease } from "@fanfare/bus";
import type { Nats } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startOwnNats } from "../../test/nats-server.ts";
import {
  append,
  createGroup,
  createRecord,
  disposable,
  openBroker,
} from "../../test/open-broker.ts";
import { readGroups } from "./read-groups.ts";

describe("readGroups()", { timeout: 60_000 }, () => {
  let nats: Nats;
  beforeAll(async () => {
    nats = await startOwnNats();
  }, 120_000);
  afterAll(() => nats?.stop());

  it("reads what is pending, what is in flight and how old it is", async () => {
    await using broker = openBroker({ servers: nats.url });
    await broker.declare(createGroup({ group: "idle", from: "start" }));
    await broker.declare(createGroup({ group: "busy", from: "start" }));
    const before = Date.now();
    for (const id of ["1", "2", "3"]) await append(broker, id);
    const leases: Lease[] = [];
    const of = createGroup({ group: "busy" });
    await using stream = disposable(await broker.lease(of, (lease) => leases.push(lease)));
    stream.request(2);
    await vi.waitFor(() => expect(leases).toHaveLength(2), { timeout: 20_000 });
    await leases[0]?.ack({ confirmed: true });
    const topics = ["things.made", "things.unheard.of"];
    const groups = await readGroups({ servers: nats.url }, { topics });
    const topic = "things.made";
    const none = { count: 0, oldest: undefined };
    const busy = { topic, pending: 1, inFlight: 1, redelivered: 0 };
    const idle = { topic, pending: 3, inFlight: 0, redelivered: 0, active: false };
    expect(groups).toMatchObject([
      { group: "busy", topics: [busy], deadLetters: none },
      { group: "idle", topics: [idle], deadLetters: none },
    ]);
    for (const { oldest } of groups.flatMap((one) => one.topics)) {
      expect(oldest?.getTime()).toBeGreaterThanOrEqual(before - 1_000);
    }
    await leases[1]?.ack({ confirmed: true });
  });

  it("reads no age when all is acknowledged", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "empty" });
    await broker.declare(createGroup());
    const options = { servers: nats.url, prefix: "empty" };
    const groups = await readGroups(options, { topics: ["things.made"] });
    expect(groups).toEqual([
      {
        group: "readers",
        topics: [
          {
            topic: "things.made",
            pending: 0,
            inFlight: 0,
            redelivered: 0,
            lost: 0,
            oldest: undefined,
            active: false,
          },
        ],
        deadLetters: { count: 0, oldest: undefined },
      },
    ]);
  });

  it("counts the dead letters of groups, also of a group without consumers", async () => {
    const options = { servers: nats.url, prefix: "dead" };
    await using broker = openBroker(options);
    await broker.declare(createGroup());
    const before = Date.now();
    for (const [of, id] of [
      ["readers", "1"],
      ["readers", "2"],
      ["gone", "3"],
    ] as const) {
      await broker.deadLetters.store(of, createRecord(id), {
        timeoutMs: 10_000,
        signal: undefined,
      });
    }
    const groups = await readGroups(options, { topics: ["things.made"] });
    expect(groups).toMatchObject([
      { group: "gone", topics: [], deadLetters: { count: 1 } },
      { group: "readers", topics: [{ pending: 0 }], deadLetters: { count: 2 } },
    ]);
    for (const { deadLetters } of groups) {
      expect(deadLetters.oldest?.getTime()).toBeGreaterThanOrEqual(before - 1_000);
    }
  });
});

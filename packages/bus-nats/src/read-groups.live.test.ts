import type { Lease } from "@fanfare/bus";
import type { Nats } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ownNats } from "../test/nats-server.ts";
import { append, disposable, group, openBroker } from "../test/open-broker.ts";
import { readGroups } from "./read-groups.ts";

describe("readGroups()", { timeout: 60_000 }, () => {
  let nats: Nats;
  beforeAll(async () => {
    nats = await ownNats();
  }, 120_000);
  afterAll(() => nats?.stop());

  it("tells what waits, what is in flight and how old it is", async () => {
    await using broker = openBroker({ servers: nats.url });
    await broker.declare(group({ group: "idle", from: "start" }));
    await broker.declare(group({ group: "busy", from: "start" }));
    const before = Date.now();
    for (const id of ["1", "2", "3"]) await append(broker, id);
    const leases: Lease[] = [];
    const of = group({ group: "busy" });
    await using stream = disposable(await broker.lease(of, (lease) => leases.push(lease)));
    stream.request(2);
    await vi.waitFor(() => expect(leases).toHaveLength(2), { timeout: 20_000 });
    await leases[0]?.acknowledge({ confirmed: true });
    const topics = ["things.made", "things.unheard.of"];
    const groups = await readGroups({ servers: nats.url }, { topics });
    const topic = "things.made";
    expect(groups).toMatchObject([
      { group: "busy", topic, pending: 1, inFlight: 1, redelivered: 0 },
      { group: "idle", topic, pending: 3, inFlight: 0, redelivered: 0, listening: false },
    ]);
    for (const { oldest } of groups)
      expect(oldest?.getTime()).toBeGreaterThanOrEqual(before - 1_000);
    await leases[1]?.acknowledge({ confirmed: true });
  });

  it("knows nothing older than what is acknowledged", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "empty" });
    await broker.declare(group());
    const options = { servers: nats.url, prefix: "empty" };
    const groups = await readGroups(options, { topics: ["things.made"] });
    expect(groups).toEqual([
      {
        group: "readers",
        topic: "things.made",
        pending: 0,
        inFlight: 0,
        redelivered: 0,
        oldest: undefined,
        listening: false,
      },
    ]);
  });
});

import { createPublisher } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import { type Nats, reservePort } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startOwnNats } from "../../test/nats-server.ts";
import { connectNats } from "../connect-nats.ts";
import { readGroups } from "../groups/read-groups.ts";
import { provisionGroups } from "../provisioning/provision-groups.ts";
import { provisionTopics } from "../provisioning/provision-topics.ts";

const soon = { timeout: 20_000, interval: 20 };
const topic = "notes.written";
const group = "readers";

describe("a process behind a leaf node", { timeout: 60_000 }, () => {
  let hub: Nats;
  let leaf: Nats;
  beforeAll(async () => {
    const port = await reservePort();
    hub = await startOwnNats(`leafnodes { listen: "127.0.0.1:${port}" }`, {
      jetStream: "domain: hub",
    });
    leaf = await startOwnNats(`leafnodes { remotes: [{ url: "nats://127.0.0.1:${port}" }] }`, {
      jetStream: "domain: leaf",
    });
  }, 120_000);
  afterAll(async () => {
    await leaf?.stop();
    await hub?.stop();
  });

  it("provisions, publishes, subscribes, dead-letters and replays in the domain of the hub", async () => {
    const options = { servers: leaf.url, domain: "hub" };
    await provisionTopics(options, { topics: [topic] });
    await provisionGroups(options, { groups: [{ group, topics: [topic] }] });
    const seen: string[] = [];
    await using bus = await connectNats(options);
    const subscription = await bus.subscribe(
      group,
      (on) =>
        on.service(NoteEvents, {
          noteWritten({ author }, { attempt }) {
            seen.push(`${author} ${attempt}`);
            throw new Error("not today");
          },
        }),
      { maxAttempts: 2, backoff: { initialIntervalMs: 50, maxIntervalMs: 50 } },
    );
    await using publisher = await connectNats({ servers: leaf.url, apiPrefix: "$JS.hub.API" });
    await createPublisher(NoteEvents, publisher).noteWritten({ author: "ada" });
    await vi.waitFor(() => expect(subscription.health().deadLettered).toBe(1), soon);
    expect(seen).toEqual(["ada 1", "ada 2"]);
    const letters = bus.deadLetters(group);
    const [letter] = await letters.list();
    await letters.replay(letter?.sequence ?? 0);
    await vi.waitFor(() => expect(subscription.health().deadLettered).toBe(2), soon);
    expect(bus.health()).toMatchObject({ connected: true });
    const [atHub] = await readGroups({ servers: hub.url }, { topics: [topic] });
    expect(atHub).toMatchObject({ group, deadLetters: { count: 1 }, topics: [{ active: true }] });
    expect(await readGroups({ servers: leaf.url }, { topics: [topic] })).toEqual([]);
  });
});

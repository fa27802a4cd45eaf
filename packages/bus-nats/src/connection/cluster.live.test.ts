import { BusError, createPublisher, type EventBus } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import { createRandom, type NatsCluster } from "@fanfare/dev-stack";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startOwnCluster } from "../../test/nats-server.ts";
import { createUsers, type Users } from "../../test/users.ts";
import { connectNats } from "../connect-nats.ts";
import { provisionGroups } from "../provisioning/provision-groups.ts";
import { provisionTopics } from "../provisioning/provision-topics.ts";

const long = process.env.FANFARE_CLUSTER === "long";
const seed = Number(process.env.FANFARE_CLUSTER_SEED ?? Math.floor(Math.random() * 2 ** 31));
const random = createRandom(seed);
const topic = "notes.read";
const stream = "fanfare_notes_read";
const groups = ["revenue", "audit"].map((group) => ({ group, topics: [topic] }));
const streams = { replicas: 3 };
const soon = { timeout: 60_000, interval: 50 };
/** How long a publish may take: several elections. */
const publishTimeoutMs = 40_000;

describe(`recovery: processes with the least privilege on three servers, seed ${seed}`, () => {
  let cluster: NatsCluster;
  let users: Users;
  let admin: NatsConnection;
  let api: JetStreamManager;
  beforeAll(async () => {
    users = createUsers("an account each", { publishes: [topic], groups });
    cluster = await startOwnCluster(users.config);
    admin = await connect({ servers: [...cluster.urls], ...users.adminLogin });
    api = await jetstreamManager(admin, { checkAPI: false });
    const options = { servers: cluster.urls, ...users.admin, streams };
    // The cluster refuses replicas until its servers have found each other.
    await vi.waitFor(() => provisionTopics(options, { topics: [topic] }), soon);
    await provisionGroups(options, { groups });
  }, 120_000);
  afterAll(async () => {
    users?.[Symbol.dispose]();
    await admin?.close();
    await cluster?.stop();
  });

  const connectAs = (user: string) => connectNats({ servers: cluster.urls, ...users.find(user) });

  const stepDown = async (subject: string) => {
    await admin.request(`$JS.API.${subject}`, "", { timeout: 10_000 });
  };

  it("lose, reject and stall nothing while leaders step down and servers die", async () => {
    await using stack = new AsyncDisposableStack();
    const handled = new Map(groups.map(({ group }) => [group, new Set<string>()]));
    const consumers: EventBus[] = [];
    for (const { group } of groups) {
      const bus = stack.use(await connectAs(group));
      consumers.push(bus);
      await bus.subscribe(
        group,
        (on) =>
          on.service(NoteEvents, {
            noteRead: (_, { id }) => void handled.get(group)?.add(id),
          }),
        { leaseDurationMs: 10_000 },
      );
    }
    const publishers = await Promise.all(
      Array.from({ length: 2 }, async () => stack.use(await connectAs("publisher"))),
    );
    const publishing = publishAll(publishers);
    const faults = [
      () => stepDown(`STREAM.LEADER.STEPDOWN.${stream}`),
      () => stepDown(`CONSUMER.LEADER.STEPDOWN.${stream}.revenue`),
      async () => {
        const { cluster: info } = await api.streams.info(stream);
        await kill(info?.leader ?? "");
      },
      () => kill(`n${Math.ceil(random() * 3)}`),
    ];
    const kill = async (name: string) => {
      await cluster.servers.get(name)?.kill();
      await publishing.untilStored(200);
      await cluster.servers.get(name)?.start();
    };
    for (const cause of planFaults(faults)) {
      await publishing.untilStored(200);
      await vi.waitFor(cause, soon);
    }
    await publishing.untilStored(200);
    const { ids, failures, slowestMs } = await publishing.end();
    expect(failures).toEqual([]);
    expect(slowestMs).toBeLessThan(publishTimeoutMs / 2);
    for (const seen of handled.values()) {
      await vi.waitFor(() => expect(ids.filter((id) => !seen.has(id))).toEqual([]), soon);
    }
    for (const bus of [...publishers, ...consumers]) {
      await vi.waitFor(() => expect(bus.health()).toMatchObject({ connected: true }), soon);
      expect(bus.health()).not.toHaveProperty("lastError");
    }
  }, 600_000);
});

/** Returns one of each fault, or many at random in the long form. */
function planFaults<T>(faults: readonly T[]): readonly T[] {
  if (!long) return faults.slice(0, 3);
  return Array.from({ length: 30 }, () => faults[Math.floor(random() * faults.length)]).filter(
    (fault) => fault !== undefined,
  );
}

/** Publishes from each bus, one event after another in several chains, until it is ended. */
function publishAll(buses: readonly EventBus[]) {
  const ids: string[] = [];
  const failures: string[] = [];
  let slowestMs = 0;
  let started = 0;
  const ending = new AbortController();
  const publishOn = async (bus: EventBus) => {
    const { noteRead } = createPublisher(NoteEvents, bus);
    while (!ending.signal.aborted) {
      const id = `note-${(started += 1)}`;
      const startedAt = performance.now();
      try {
        await noteRead({ number: started }, { id, timeoutMs: publishTimeoutMs });
        ids.push(id);
      } catch (reason) {
        const { code, message } = BusError.from(reason);
        failures.push(`${code}: ${message}`);
      }
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    }
  };
  const ended = Promise.all(buses.flatMap((bus) => [publishOn(bus), publishOn(bus)]));
  return {
    /** Resolves once that many further events are stored. */
    async untilStored(count: number) {
      const target = ids.length + failures.length + count;
      await vi.waitFor(() => expect(ids.length + failures.length).toBeGreaterThan(target), soon);
    },
    async end() {
      ending.abort();
      await ended;
      return { ids, failures, slowestMs };
    },
  };
}

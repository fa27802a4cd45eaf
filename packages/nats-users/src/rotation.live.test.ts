import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublisher, type EventBus } from "@fanfare/bus";
import {
  connectNats,
  createUserOptions,
  provisionGroups,
  provisionTopics,
  readGroups,
} from "@fanfare/bus-nats";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { startNats, waitUntil } from "@fanfare/dev-stack";
import { openSecretsFolder } from "@fanfare/secrets";
import { groups, topics } from "@fanfare/topology";
import { describe, expect, it } from "vitest";
import { adoptStreams, createNatsSecrets, locateAccounts, locateSeed } from "./index.ts";
import { rotateNatsSecrets } from "./rotate-nats-secrets.ts";

/** The most events that a process of the test has in its hands, which are all that it may get twice. */
const inFlight = { concurrency: 2, prefetch: 2 };

/** How long an event waits whose acknowledgement was lost, in milliseconds. */
const leaseDurationMs = 2_000;

async function openFolder(stack: AsyncDisposableStack) {
  const path = await mkdtemp(join(tmpdir(), "nats-rotation-"));
  stack.defer(() => rm(path, { recursive: true, force: true }));
  const secrets = openSecretsFolder(join(path, "secrets"));
  await createNatsSecrets(secrets.path);
  const { NATS_URL: _, ...env } = process.env;
  return { path, secrets, env };
}

describe("rotation", { timeout: 90_000 }, () => {
  it("replaces every key under load: loses nothing, repeats no more than what was in flight", async () => {
    await using stack = new AsyncDisposableStack();
    const { path, secrets, env } = await openFolder(stack);
    const nats = stack.use(await startNats({ env, configFile: locateAccounts(secrets) }));
    const provisioner = { servers: nats.url, nkeyFile: locateSeed(secrets, "provision") };
    await provisionTopics(provisioner, { topics });
    await provisionGroups(provisioner, {
      groups: groups.map((group) => ({ ...group, leaseDurationMs })),
    });
    const connectAs = async (name: "worker" | "revenue" | "audit" | "notifications") =>
      stack.use(
        await connectNats({
          servers: nats.url,
          ...createUserOptions(name, { nkeyFile: locateSeed(secrets, name) }),
        }),
      );

    const handled = new Map<string, string[]>();
    const buses: EventBus[] = [];
    for (const name of ["revenue", "audit", "notifications"] as const) {
      const bus = await connectAs(name);
      const ids: string[] = [];
      handled.set(name, ids);
      buses.push(bus);
      await bus.subscribe(
        name,
        (on) => on.service(TripEvents, { tripCompleted: (_, { id }) => void ids.push(id) }),
        { ...inFlight, leaseDurationMs },
      );
    }
    const worker = await connectAs("worker");
    buses.push(worker);
    const load = publishUntilEnded(worker);
    stack.defer(() => load.end());
    await waitUntil(() => load.ids.length > 100, { what: "events before the rotation" });

    const old = join(path, "old.nk");
    await copyFile(locateSeed(secrets, "revenue"), old);
    const steps: string[] = [];
    await rotateNatsSecrets(secrets.path, {
      nats: { servers: nats.url },
      report: (line) => steps.push(line),
    });
    expect(steps).toHaveLength(3);
    const before = load.ids.length;
    await waitUntil(() => load.ids.length > before + 100, { what: "events after the rotation" });
    await load.end();

    for (const [name, ids] of handled) {
      const isDone = () => load.ids.every((id) => ids.includes(id));
      await waitUntil(isDone, { what: `${name} to handle every event`, timeoutMs: 30_000 });
      const repeated = ids.length - new Set(ids).size;
      expect(repeated).toBeLessThanOrEqual(inFlight.concurrency + inFlight.prefetch);
    }
    for (const bus of buses) expect(bus.health()).toMatchObject({ connected: true });
    const login = createUserOptions("revenue", { nkeyFile: old });
    const withOld = connectNats({ servers: nats.url, ...login });
    await expect(withOld).rejects.toMatchObject({ code: "permission_denied" });
  });

  it("keeps the streams of a server that had no accounts", async () => {
    await using stack = new AsyncDisposableStack();
    const { path, secrets, env } = await openFolder(stack);
    const data = join(path, "data");
    const open = stack.use(await startNats({ env, data }));
    await provisionTopics({ servers: open.url }, { topics });
    await provisionGroups({ servers: open.url }, { groups });
    const bus = await connectNats({ servers: open.url });
    await createPublisher(TripEvents, bus).tripCompleted({ tripId: "kept" }, { id: "kept" });
    await bus.close();
    await open.stop();

    await adoptStreams(join(data, "store"));
    const configFile = locateAccounts(secrets);
    const closed = stack.use(await startNats({ env, data, configFile }));
    const nkeyFile = locateSeed(secrets, "operator");
    const operator = { servers: closed.url, ...createUserOptions("operator", { nkeyFile }) };
    const [audit] = await readGroups(operator, { topics });
    expect(audit?.group).toBe("audit");
    expect(audit?.topics.filter(({ pending }) => pending !== 0)).toMatchObject([
      { topic: "trips.completed", pending: 1 },
    ]);
  });
});

/** Publishes one event after another in two chains, until it is ended. */
function publishUntilEnded(bus: EventBus) {
  const { tripCompleted } = createPublisher(TripEvents, bus);
  const ids: string[] = [];
  const ending = new AbortController();
  const publish = async () => {
    while (!ending.signal.aborted) {
      const id = crypto.randomUUID();
      await tripCompleted({ tripId: id }, { id });
      ids.push(id);
    }
  };
  const ended = Promise.all([publish(), publish()]);
  return {
    ids,
    async end() {
      ending.abort();
      await ended;
    },
  };
}

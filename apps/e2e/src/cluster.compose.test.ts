import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reservePorts } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { attackFrom } from "../test/compose/attacks.ts";
import { createCompose, docker } from "../test/compose/compose.ts";
import { listContainers, listLeftovers } from "../test/compose/containers.ts";
import { copySecrets } from "../test/compose/copy-secrets.ts";
import { type Measures, startMeasuring } from "../test/compose/measures.ts";
import { readStories, storiesOfRunning } from "../test/compose/read-stories.ts";
import { beginTrips, endTrips } from "../test/compose/take-trips.ts";
import { oneEffect } from "../test/effects.ts";
import { attackTemporal, describeRefusals } from "../test/temporal/temporal-attacks.ts";

const project = "fanfare-test-cluster";
const image = `${project}:latest`;

const streams = z.object({
  account_details: z.array(
    z.object({
      stream_detail: z.array(
        z.object({
          name: z.string(),
          config: z.object({ num_replicas: z.number() }),
          cluster: z.object({ leader: z.string() }),
        }),
      ),
    }),
  ),
});

/** Returns the compose service of a NATS server. */
const toServiceName = (server: string): string => (server === "nats-1" ? "nats" : server);

describe("docker compose with clusters of servers", { timeout: 900_000 }, async () => {
  const {
    ports: [trips, riders, temporal, nats, postgres],
  } = await reservePorts(5);
  const stack = createCompose({
    project,
    files: [
      "docker-compose.yml",
      "deploy/compose/cluster.yml",
      "apps/e2e/test/compose/publish.yml",
    ],
    variables: {
      FANFARE_IMAGE: image,
      TRIPS_PORT: String(trips),
      RIDERS_PORT: String(riders),
      TEMPORAL_PORT: String(temporal),
      NATS_PORT: String(nats),
      POSTGRES_PORT: String(postgres),
    },
  });
  const { compose } = stack;
  let measures: Measures;

  async function readStreams() {
    const url = "http://127.0.0.1:8222/jsz?streams=true&config=true";
    const page = await compose("exec", "-T", "nats", "wget", "-q", "-O", "-", url);
    return streams.parse(JSON.parse(page)).account_details.flatMap((one) => one.stream_detail);
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

  it("starts three NATS servers, a Temporal server on PostgreSQL and the apps", async () => {
    await compose("up", "--build", "--wait");
    const kept = await readStreams();
    expect(kept.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["fanfare_trips_completed", "fanfare_fleet_vehicles_changed"]),
    );
    expect(kept.filter(({ config }) => config.num_replicas !== 3)).toEqual([]);
  });

  it("runs the demo", async () => {
    const demo = await compose("run", "--rm", "demo", "demo", "--running", "--json");
    expect(readStories(demo)).toEqual(storiesOfRunning);
  });

  it("stays below its memory limits under load", async () => {
    await measures.during(async () => {
      for (let round = 0; round < 5; round++) {
        const begun = await beginTrips(await stack.clients(), 15);
        await endTrips(await stack.clients(), begun);
      }
    });
    const running = (await listContainers(project)).filter(({ status }) => status === "running");
    for (const { name, memoryLimit, restarts, outOfMemory } of running) {
      expect({ name, restarts, outOfMemory }).toEqual({ name, restarts: 0, outOfMemory: false });
      expect(measures.memory.get(name)).toBeLessThan((0.8 * memoryLimit) / 2 ** 20);
    }
  });

  it("loses nothing when the leader of the trips' stream is killed", async () => {
    const [stream] = (await readStreams()).filter(({ name }) => name === "fanfare_trips_completed");
    const leader = toServiceName(stream?.cluster.leader ?? "");
    const begun = await beginTrips(await stack.clients(), 3);
    await compose("kill", leader);
    const effects = await endTrips(await stack.clients(), begun);
    expect(effects).toEqual(begun.map(() => oneEffect));
    await compose("up", "--wait", "--no-recreate", "--no-deps", leader);
  });

  it("loses nothing when Temporal and its database restart during trips", async () => {
    const begun = await beginTrips(await stack.clients(), 3);
    await compose("restart", "temporal-postgres", "temporal");
    const effects = await endTrips(await stack.clients(), begun);
    expect(effects).toEqual(begun.map(() => oneEffect));
  });

  it("refuses every certificate and token but those of Temporal's clients", async () => {
    const secrets = await mkdtemp(join(tmpdir(), "fanfare-cluster-"));
    try {
      await copySecrets(stack, secrets, [
        ...["trips", "operator", "provision"].map((name) => `${name}/temporal.pem`),
        ...["trips", "operator", "provision"].map((name) => `${name}/temporal-token`),
        "trips/temporal-ca.crt",
        "worker/service-key.json",
        "temporal-authority/token-keys.json",
      ]);
      const target = { address: `127.0.0.1:${temporal}`, namespace: "default", secrets };
      expect(await attackTemporal(target)).toEqual(describeRefusals());
    } finally {
      await rm(secrets, { recursive: true, force: true });
    }
  });

  it.each(["trips", "worker"])(
    "lets %s reach no port of Temporal but the one of clients",
    async (app) => {
      expect(await attackFrom(stack, app, "findPortsOfTemporal")).toBe("7233");
    },
  );

  it("loses nothing when the certificates and tokens of Temporal are rotated", async () => {
    const begun = await beginTrips(await stack.clients(), 3);
    await compose("run", "--rm", "-T", "rotate", "--rotate", "temporal");
    const effects = await endTrips(await stack.clients(), begun);
    expect(effects).toEqual(begun.map(() => oneEffect));
  });

  it("removes everything", async () => {
    const report = await measures.report(image);
    await compose("down", "--volumes");
    expect(await listLeftovers(project)).toEqual([]);
    process.stdout.write(report);
  });
});

import { reservePorts } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCompose, docker } from "../test/compose/compose.ts";
import { beginTrips, endTrips } from "../test/compose/take-trips.ts";
import { oneEffect, readEffects } from "../test/effects.ts";
import type { Rider } from "../test/trips.ts";

const project = "fanfare-test-backup";
const image = `${project}:latest`;
const data = ["postgres-data", "nats-data", "temporal-data"].map((name) => `${project}_${name}`);
const asRoot = ["--user", "0", "--cap-add", "CHOWN", "--cap-add", "DAC_OVERRIDE"];
const folder = "/backups/monday";

describe("a backup in compose", { timeout: 900_000 }, async () => {
  const {
    ports: [trips, temporal, page, nats, postgres],
  } = await reservePorts(5);
  const stack = createCompose({
    project,
    files: ["docker-compose.yml", "apps/e2e/test/compose/publish.yml"],
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
  let ended: readonly Rider[];
  let driving: readonly Rider[];

  beforeAll(async () => {
    await compose("down", "--volumes", "--remove-orphans");
    await compose("up", "--build", "--wait");
    ended = await beginTrips(await stack.clients(), 3);
    await endTrips(await stack.clients(), ended);
    driving = await beginTrips(await stack.clients(), 3);
  }, 600_000);
  afterAll(async () => {
    await compose("down", "--volumes", "--remove-orphans");
    await docker(["image", "rm", "--force", image]);
  }, 120_000);

  it("is made while trips are driving", async () => {
    const printed = await compose("run", "--rm", "-T", "backup", folder, "--json");
    expect(JSON.parse(printed)).toMatchObject({ folder });
  });

  it("restores the trips that were driving and ended, with one effect each", async () => {
    await compose("down");
    await docker(["volume", "rm", ...data]);
    await compose("create", "postgres");
    const printed = await compose("run", "--rm", "-T", ...asRoot, "restore", folder, "--json");
    expect(JSON.parse(printed)).toMatchObject({ data: "/data/postgres" });
    await compose("up", "--wait");
    const clients = await stack.clients();
    for (const { tripId } of ended) expect(await readEffects(clients, tripId)).toEqual(oneEffect);
    expect(await endTrips(clients, driving)).toEqual([oneEffect, oneEffect, oneEffect]);
  });
});

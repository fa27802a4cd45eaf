import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { reservePorts } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attackFrom } from "../test/compose/attacks.ts";
import { createCompose, docker } from "../test/compose/compose.ts";
import { beginTrips, endTrips } from "../test/compose/take-trips.ts";
import { oneEffect } from "../test/effects.ts";
import type { Rider } from "../test/trips.ts";

const project = "fanfare-test-attackers";
const image = `${project}:latest`;
const attackers = ["revenue", "fleet"] as const;

describe("an attacker in an app's container", { timeout: 120_000 }, async () => {
  const { ports } = await reservePorts(5);
  const variables = ["TRIPS", "TEMPORAL", "TEMPORAL_UI", "NATS", "POSTGRES"];
  const stack = createCompose({
    project,
    files: ["docker-compose.yml", "apps/e2e/test/compose/publish.yml"],
    variables: {
      FANFARE_IMAGE: image,
      ...Object.fromEntries(variables.map((name, i) => [`${name}_PORT`, String(ports[i])])),
    },
  });
  const { compose } = stack;
  let trips: readonly Rider[] = [];

  beforeAll(async () => {
    await compose("down", "--volumes", "--remove-orphans");
    await compose("up", "--build", "--wait");
    trips = await beginTrips(await stack.clients(), 1);
  }, 600_000);

  afterAll(async () => {
    await compose("down", "--volumes", "--remove-orphans");
    await docker(["image", "rm", "--force", image]);
  }, 120_000);

  it.each(attackers)("in %s publishes no event without a key", async (app) => {
    expect(await attackFrom(stack, app, "publishWithoutKey")).toMatch(/^failed: .*authorization/i);
  });

  it.each(attackers)("in %s forges no TripCompleted with the app's key", async (app) => {
    expect(await attackFrom(stack, app, "publishWithOwnKey")).toMatch(/^failed: .*permission/i);
  });

  it.each(attackers)("in %s finds no key of another app", async (app) => {
    expect(await attackFrom(stack, app, "listKeys")).toBe("/run/fanfare/nats.nk");
  });

  it.each(attackers)("in %s reads no table of another app", async (app) => {
    expect(await attackFrom(stack, app, "readTables")).toMatch(/^failed: .*permission denied/);
  });

  it.each(attackers)("in %s ends no trip on Temporal", async (app) => {
    const tripId = trips[0]?.tripId ?? "";
    expect(await attackFrom(stack, app, "endTrip", tripId)).toMatch(/^failed: .*connect/);
    const { trip } = await (await stack.clients()).trips(trips[0]?.name ?? "").getTrip({ tripId });
    expect(trip?.status).toBe(TripStatus.ACTIVE);
  });

  it("gets further from the containers that have access", async () => {
    expect(await attackFrom(stack, "billing", "readTables")).toBe("connected");
    expect(await attackFrom(stack, "worker", "endTrip", "unknown")).toMatch(/not found/i);
  });

  it("has changed no effect of a trip", async () => {
    expect(await endTrips(await stack.clients(), trips)).toEqual([oneEffect]);
  });
});

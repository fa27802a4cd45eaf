import { ConnectError } from "@connectrpc/connect";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { appNames } from "@fanfare/topology";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oneEffect, readEffects } from "../test/effects.ts";
import { type Stack, startStack } from "../test/stack.ts";
import { createTrip, retryCall, startTrip, waitForEffects, waitForStatus } from "../test/trips.ts";

describe("kill -9 during a trip", { timeout: 300_000 }, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  }, 180_000);
  afterAll(() => stack?.[Symbol.asyncDispose](), 60_000);

  it.each(appNames)("settles a trip when %s is killed during its start", async (name) => {
    const { clients, system } = stack;
    const trip = createTrip({ vehicleId: `vehicle-${appNames.indexOf(name) + 1}` });
    const starting = startTrip(clients, trip).catch((error: unknown) => ConnectError.from(error));
    await system.app(name).kill();
    await system.app(name).start();
    await starting;
    await retryCall(
      "the trip to start",
      async () => (await startTrip(clients, trip)) !== undefined,
    );
    await waitForStatus(clients, trip, TripStatus.ACTIVE);

    await retryCall("the trip to end", () => clients.trips(trip.name).endTrip(trip));
    await waitForStatus(clients, trip, TripStatus.SETTLED);
    await waitForEffects(clients, trip.tripId, oneEffect);
    expect(await readEffects(clients, trip.tripId)).toEqual(oneEffect);
  });

  it.each(appNames)("settles a trip when %s is killed during its end", async (name) => {
    const { clients, system } = stack;
    const trip = createTrip({ vehicleId: `vehicle-${appNames.indexOf(name) + 8}` });
    await startTrip(clients, trip);
    await waitForStatus(clients, trip, TripStatus.ACTIVE);
    const ending = clients
      .trips(trip.name)
      .endTrip(trip)
      .catch((error: unknown) => ConnectError.from(error));
    await system.app(name).kill();
    await system.app(name).start();
    await ending;

    await retryCall("the trip to end", () => clients.trips(trip.name).endTrip(trip));
    await waitForStatus(clients, trip, TripStatus.SETTLED);
    await waitForEffects(clients, trip.tripId, oneEffect);
    expect(await readEffects(clients, trip.tripId)).toEqual(oneEffect);
  });
});

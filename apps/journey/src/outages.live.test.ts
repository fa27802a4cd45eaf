import { Broadcast_State, TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { effectsOf, oneEffect } from "../test/effects.ts";
import { type Stack, startStack } from "../test/stack.ts";
import { effectsAre, newTrip, startTrip, tripIs } from "../test/trips.ts";

describe("outages when a trip settles", { timeout: 240_000 }, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  }, 180_000);
  afterAll(() => stack?.[Symbol.asyncDispose](), 60_000);

  it("settles without the broker, and broadcasts when it is back", async () => {
    const { clients, servers } = stack;
    const trip = newTrip();
    await startTrip(clients, trip);
    await servers.nats.kill();
    await clients.trips(trip.name).endTrip(trip);
    const settled = await tripIs(clients, trip, TripStatus.SETTLED);
    expect(settled.broadcast?.state).not.toBe(Broadcast_State.PUBLISHED);

    await servers.nats.start();
    await effectsAre(clients, trip.tripId, oneEffect);
  });

  it("lets a reactor that was down catch up, and the others do not wait for it", async () => {
    const { clients, system } = stack;
    const trip = newTrip({ vehicleId: "vehicle-2" });
    await startTrip(clients, trip);
    await system.app("pricing").kill();
    await clients.trips(trip.name).endTrip(trip);
    await tripIs(clients, trip, TripStatus.SETTLED);
    await expect
      .poll(
        async () => {
          const { events } = await clients.audit.listEvents({ key: trip.tripId });
          const { receipts } = await clients.notifications.listReceipts(trip);
          return [events.length, receipts.length];
        },
        { timeout: 60_000 },
      )
      .toEqual([1, 1]);

    await system.app("pricing").start();
    await effectsAre(clients, trip.tripId, oneEffect);
    expect(await effectsOf(clients, trip.tripId)).toEqual(oneEffect);
  });
});

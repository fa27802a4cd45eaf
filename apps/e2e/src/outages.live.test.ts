import { TabState } from "@fanfare/contracts/billing/v1/billing";
import { VehicleState } from "@fanfare/contracts/fleet/v1/fleet";
import { TripStep_State } from "@fanfare/contracts/operators/v1/trip_operations";
import { Broadcast_State } from "@fanfare/contracts/trips/v1/operator_trip";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oneEffect, readEffects } from "../test/effects.ts";
import { type Stack, startStack } from "../test/stack.ts";
import { createTrip, startTrip, waitForEffects, waitForStatus } from "../test/trips.ts";
import { waitForStep } from "../test/wait-for-step.ts";

/**
 * The attempts of a step before the service is back. The last attempts are 5 s apart, so the short form
 * outlasts the timeout of each call, and the long form every timeout of a trip, of which the longest is
 * 120 s.
 */
const outage = { attempts: process.env.FANFARE_DEAD === "long" ? 32 : 8 };

describe("outages while a trip settles", { timeout: 360_000 }, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  }, 180_000);
  afterAll(() => stack?.[Symbol.asyncDispose](), 60_000);

  it("settles without the broker, and publishes once it is back", async () => {
    const { clients, servers } = stack;
    const trip = createTrip();
    await startTrip(clients, trip);
    await servers.nats.kill();
    await clients.trips(trip.name).endTrip(trip);
    const settled = await waitForStatus(clients, trip, TripStatus.SETTLED);
    expect(settled.broadcast?.state).not.toBe(Broadcast_State.PUBLISHED);

    await servers.nats.start();
    await waitForEffects(clients, trip.tripId, oneEffect);
  });

  it("ends the drive when the rider asked, although Temporal is down", async () => {
    const { clients, servers } = stack;
    const trip = createTrip({ name: "carol", vehicleId: "vehicle-5" });
    await startTrip(clients, trip);
    await waitForStatus(clients, trip, TripStatus.ACTIVE);
    await servers.temporal.kill();
    const { trip: asked } = await clients.trips(trip.name).endTrip(trip);
    expect(asked).toMatchObject({ status: TripStatus.ACTIVE, endRequestedAt: expect.anything() });
    const { trip: again } = await clients.trips(trip.name).endTrip(trip);
    expect(again?.endRequestedAt).toEqual(asked?.endRequestedAt);
    await servers.temporal.start();
    const settled = await waitForStatus(clients, trip, TripStatus.SETTLED);
    expect(settled.endedAt).toEqual(asked?.endRequestedAt);
    await waitForEffects(clients, trip.tripId, oneEffect);
  });

  it("lets a reactor that was down catch up, without delaying the others", async () => {
    const { clients, system } = stack;
    const trip = createTrip({ vehicleId: "vehicle-2" });
    await startTrip(clients, trip);
    await system.app("revenue").kill();
    await clients.trips(trip.name).endTrip(trip);
    await waitForStatus(clients, trip, TripStatus.SETTLED);
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

    await system.app("revenue").start();
    await waitForEffects(clients, trip.tripId, oneEffect);
    expect(await readEffects(clients, trip.tripId)).toEqual(oneEffect);
  });

  it("writes the receipt in the rider's language once riders is back, and corrects it after a refund", async () => {
    const { clients, system } = stack;
    const trip = createTrip({ name: "dora", vehicleId: "vehicle-8" });
    await clients.riders(trip.name).updateProfile({ locale: "de", timeZone: "Europe/Berlin" });
    await startTrip(clients, trip);
    await system.app("riders").kill();
    await clients.trips(trip.name).endTrip(trip);
    await waitForStatus(clients, trip, TripStatus.SETTLED);
    const count = async (name: "revenue" | "notifications") =>
      (await readEffects(clients, trip.tripId))[name];
    await expect.poll(() => count("revenue"), { timeout: 60_000 }).toBe(1);
    expect(await count("notifications")).toBe(0);

    await system.app("riders").start();
    await expect.poll(() => count("notifications"), { timeout: 60_000 }).toBe(1);
    const amount = { minorUnits: 50n, currency: "EUR" };
    await clients.operations.refundTrip({ ...trip, amount, reason: "the heater was cold" });
    await expect.poll(() => count("notifications"), { timeout: 60_000 }).toBe(2);
    const { receipts } = await clients.notifications.listReceipts(trip);
    const texts = receipts.map(({ text }) => text.replaceAll("\u00a0", " "));
    expect(texts[0]).toMatch(
      /^Freischaltgebühr +1,00 €\nFahrt: 1 angefangene Minute zu 0,30 € +0,30 €\nGesamtbetrag +1,30 €\n$/m,
    );
    expect(texts[1]).toContain(`Dieser Beleg korrigiert den Beleg ${trip.tripId}-1.\n`);
    expect(texts[1]).toMatch(
      /\nErstattung vom .* -0,50 €\nGesamtbetrag nach Erstattung +0,80 €\n$/,
    );
  });

  it("releases the vehicle while billing is down after the drive, and settles once it is back", async () => {
    const { clients, system } = stack;
    const trip = createTrip({ vehicleId: "vehicle-3" });
    await startTrip(clients, trip);
    await system.app("billing").kill();
    const { trip: ended } = await clients.trips(trip.name).endTrip(trip);
    expect(ended?.status).toBe(TripStatus.ENDED);
    const { lastError } = await waitForStep(clients, trip, {
      name: "charge-fare",
      state: TripStep_State.RUNNING,
      minAttempts: outage.attempts,
    });
    expect(lastError).toMatch(/ECONNREFUSED/);
    const delayed = await waitForStatus(clients, trip, TripStatus.ENDED);
    expect(delayed).toMatchObject({ delayedStep: "charge-fare", fare: ended?.fare });
    expect((await clients.fleet.getVehicle(trip)).vehicle).toMatchObject({
      state: VehicleState.AVAILABLE,
      tripId: "",
    });

    const next = createTrip({ name: "bob", vehicleId: trip.vehicleId });
    const starting = startTrip(clients, next);
    await waitForStep(clients, next, { name: "reserve-vehicle", state: TripStep_State.DONE });
    expect((await clients.fleet.getVehicle(next)).vehicle?.tripId).toBe(next.tripId);
    await system.app("billing").start();
    await starting;
    await waitForStatus(clients, next, TripStatus.ACTIVE);
    const settled = await waitForStatus(clients, trip, TripStatus.SETTLED);
    expect(settled).toMatchObject({ delayedStep: "", fare: ended?.fare, endedAt: ended?.endedAt });
    expect((await clients.billing.getTab(trip)).tab).toMatchObject({
      state: TabState.CAPTURED,
      captured: settled.settled,
    });
    await waitForEffects(clients, trip.tripId, oneEffect);
    await clients.trips(next.name).endTrip(next);
    await waitForEffects(clients, next.tripId, oneEffect);
    expect(await readEffects(clients, trip.tripId)).toEqual(oneEffect);
  });
});

import { Code, ConnectError } from "@connectrpc/connect";
import { TabState } from "@fanfare/contracts/billing/v1/billing";
import { VehicleState } from "@fanfare/contracts/fleet/v1/fleet";
import { Broadcast_State } from "@fanfare/contracts/trips/v1/operator_trip";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { appNames, servesCalls } from "@fanfare/topology";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noEffects, oneEffect, readEffects } from "../test/effects.ts";
import { type Stack, startStack } from "../test/stack.ts";
import { createTrip, type Rider, startTrip, waitForEffects, waitForStatus } from "../test/trips.ts";

describe("three stories on real servers", { timeout: 180_000 }, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  }, 180_000);
  afterAll(() => stack?.[Symbol.asyncDispose](), 60_000);

  async function expectVehicleReleased(trip: Rider) {
    const { vehicle } = await stack.clients.fleet.getVehicle(trip);
    expect(vehicle).toMatchObject({ state: VehicleState.AVAILABLE, tripId: "" });
  }

  /** Completes a later trip: once its effects exist, effects of the earlier trips would exist too. */
  async function completeLaterTrip() {
    const later = createTrip({ vehicleId: "vehicle-9" });
    await startTrip(stack.clients, later);
    await stack.clients.trips(later.name).endTrip(later);
    await waitForEffects(stack.clients, later.tripId, oneEffect);
  }

  it("completes a trip, with one effect in each group", async () => {
    const { clients } = stack;
    const trip = createTrip();
    expect((await startTrip(clients, trip))?.status).toBe(TripStatus.ACTIVE);
    expect((await clients.fleet.getVehicle(trip)).vehicle).toMatchObject({ tripId: trip.tripId });

    const { trip: ended } = await clients.trips(trip.name).endTrip(trip);
    const settled = await waitForStatus(clients, trip, TripStatus.SETTLED);
    expect(settled).toMatchObject({ fare: ended?.fare, endedAt: ended?.endedAt });
    await waitForEffects(clients, trip.tripId, oneEffect);

    const { entries } = await clients.revenue.listRevenue(trip);
    expect(entries).toMatchObject([{ vehicleId: trip.vehicleId, amount: settled.settled }]);
    const { tab } = await clients.billing.getTab(trip);
    expect(tab).toMatchObject({ state: TabState.CAPTURED, captured: settled.settled });
    await expectVehicleReleased(trip);
  });

  it("describes the services of every app that serves calls by reflection", async () => {
    const serving = appNames.filter(servesCalls);
    const path = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    const statuses = serving.map(async (name) => {
      const response = await fetch(`${stack.system.app(name).url}/${path}`, { method: "POST" });
      return [name, response.status];
    });
    // The method requires HTTP/2. A server without reflection does not know it, and answers 404.
    expect(await Promise.all(statuses)).toEqual(serving.map((name) => [name, 505]));
  });

  it("compensates a trip whose payment method is declined, and repeats the refusal", async () => {
    const { clients } = stack;
    const trip = createTrip({ vehicleId: "vehicle-2", gatewayToken: "pm_card_chargeDeclined" });
    const refusals = [];
    for (let call = 0; call < 2; call++) {
      const refusal = ConnectError.from(
        await startTrip(clients, trip).catch((error: unknown) => error),
      );
      refusals.push({ code: refusal.code, message: refusal.rawMessage });
    }
    expect(refusals[0]).toMatchObject({ code: Code.FailedPrecondition });
    expect(refusals[1]).toEqual(refusals[0]);

    const cancelled = await waitForStatus(clients, trip, TripStatus.CANCELLED);
    expect(cancelled.reason).toMatch(/declined/);
    await expectVehicleReleased(trip);
    await completeLaterTrip();
    expect(await readEffects(clients, trip.tripId)).toEqual(noEffects);
  });

  it("compensates a trip that its rider cancels during the drive", async () => {
    const { clients } = stack;
    const trip = createTrip({ vehicleId: "vehicle-3" });
    await startTrip(clients, trip);
    const request = { tripId: trip.tripId, reason: "The rider changed their mind" };
    const { trip: cancelled } = await clients.trips(trip.name).cancelTrip(request);
    expect(cancelled?.status).toBe(TripStatus.CANCELLED);

    const { tab } = await clients.billing.getTab(trip);
    expect(tab).toMatchObject({ state: TabState.VOID, balance: { minorUnits: 0n } });
    await expectVehicleReleased(trip);
    await completeLaterTrip();
    expect(await readEffects(clients, trip.tripId)).toEqual(noEffects);
  });

  it("streams the changes of a trip until its event is published", async () => {
    const { clients } = stack;
    const trip = createTrip({ vehicleId: "vehicle-4" });
    await startTrip(clients, trip);
    const seen: TripStatus[] = [];
    const states: (Broadcast_State | undefined)[] = [];
    for await (const { trip: now } of clients.operations.watchTrip(trip)) {
      if (now === undefined) continue;
      seen.push(now.status);
      states.push(now.broadcast?.state);
      if (now.status === TripStatus.ACTIVE) await clients.trips(trip.name).endTrip(trip);
    }
    expect(new Set(seen)).toContain(TripStatus.ACTIVE);
    expect(seen.at(-1)).toBe(TripStatus.SETTLED);
    expect(states.at(-1)).toBe(Broadcast_State.PUBLISHED);
  });
});

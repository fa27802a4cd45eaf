import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { createMemoryBus, type Delivery } from "@fanfare/bus";
import {
  type FleetService,
  type VehicleSchema,
  VehicleState,
} from "@fanfare/contracts/fleet/v1/fleet";
import { FleetEvents, type VehicleChanged } from "@fanfare/contracts/fleet/v1/fleet_events";
import { startRelay } from "@fanfare/outbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newTrip, refusal, startTestFleet, type TestFleet, worker } from "../test/test-fleet.ts";

interface Heard {
  readonly change: VehicleChanged;
  readonly delivery: Delivery;
}

function vehicleIs(expected: MessageInitShape<typeof VehicleSchema>): unknown {
  return expect.objectContaining(expected);
}

describe("fleet.vehicles.changed", () => {
  let test: TestFleet;
  let fleet: Client<typeof FleetService>;
  beforeAll(async () => {
    test = await startTestFleet();
    fleet = test.as(worker);
  }, 120_000);
  afterAll(async () => {
    await test?.[Symbol.asyncDispose]();
  }, 60_000);

  /** announced is what the world has heard once everything written down so far is out. */
  async function announced(vehicleId: string): Promise<Heard[]> {
    await using bus = createMemoryBus({ source: "fleet" });
    const heard: Heard[] = [];
    await bus.subscribe("test", (on) => {
      on.service(FleetEvents, {
        vehicleChanged: (change, delivery) => void heard.push({ change, delivery }),
      });
    });
    await using _ = startRelay(test.db, bus, { services: [FleetEvents], pollIntervalMs: 20 });
    await expect.poll(() => test.waiting(), { timeout: 30_000 }).toBe(0);
    await bus.idle();
    return heard.filter(({ change }) => change.vehicleId === vehicleId);
  }

  it("tells of a reservation and of its release, each before and after, in order", async () => {
    const { tripId, reserve, release } = newTrip();
    const request = { vehicleId: "vehicle-1", tripId };
    await fleet.reserveVehicle(request, reserve);
    await fleet.releaseVehicle(request, release);
    const heard = await announced("vehicle-1");
    const free = vehicleIs({ state: VehicleState.AVAILABLE, tripId: "" });
    const held = vehicleIs({ state: VehicleState.IN_USE, tripId });
    expect(heard.map(({ change: { before, after } }) => ({ before, after }))).toEqual([
      { before: free, after: held },
      { before: held, after: free },
    ]);
    expect(heard.map(({ delivery }) => delivery.key)).toEqual(["vehicle-1", "vehicle-1"]);
  });

  it("tells once of what is asked for again", async () => {
    const { tripId, reserve, release } = newTrip();
    const request = { vehicleId: "vehicle-2", tripId };
    await fleet.reserveVehicle(request, reserve);
    await fleet.reserveVehicle(request, reserve);
    await fleet.reserveVehicle(request, release);
    expect(await announced("vehicle-2")).toHaveLength(1);
  });

  it("tells nothing of what is refused or changes nothing", async () => {
    const one = newTrip();
    const other = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-3", tripId: one.tripId }, one.reserve);
    await announced("vehicle-3");
    const request = { vehicleId: "vehicle-3", tripId: other.tripId };
    await refusal(fleet.reserveVehicle(request, other.reserve));
    await fleet.releaseVehicle(request, other.release);
    expect(await announced("vehicle-3")).toEqual([]);
  });
});

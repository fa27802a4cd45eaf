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
import { catchRefusal } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newTrip, startTestFleet, type TestFleet, worker } from "../test/test-fleet.ts";

interface ReceivedChange {
  readonly change: VehicleChanged;
  readonly delivery: Delivery;
}

function matchVehicle(expected: MessageInitShape<typeof VehicleSchema>): unknown {
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

  /** Publishes the outbox and returns the changes of a vehicle that a subscriber received. */
  async function publishOutbox(vehicleId: string): Promise<ReceivedChange[]> {
    await using bus = createMemoryBus({ source: "fleet" });
    const received: ReceivedChange[] = [];
    await bus.subscribe("test", (on) => {
      on.service(FleetEvents, {
        vehicleChanged: (change, delivery) => void received.push({ change, delivery }),
      });
    });
    await using _ = startRelay(test.db, bus, { services: [FleetEvents], pollIntervalMs: 20 });
    await expect.poll(() => test.countWaiting(), { timeout: 30_000 }).toBe(0);
    await bus.idle();
    return received.filter(({ change }) => change.vehicleId === vehicleId);
  }

  it("publishes a reservation and its release in order, with the vehicle before and after", async () => {
    const { tripId, reserve, release } = newTrip();
    const request = { vehicleId: "vehicle-1", tripId };
    await fleet.reserveVehicle(request, reserve);
    await fleet.releaseVehicle(request, release);
    const received = await publishOutbox("vehicle-1");
    const free = matchVehicle({ state: VehicleState.AVAILABLE, tripId: "" });
    const held = matchVehicle({ state: VehicleState.IN_USE, tripId });
    expect(received.map(({ change: { before, after } }) => ({ before, after }))).toEqual([
      { before: free, after: held },
      { before: held, after: free },
    ]);
    expect(received.map(({ delivery }) => delivery.key)).toEqual(["vehicle-1", "vehicle-1"]);
  });

  it("publishes a repeated call once", async () => {
    const { tripId, reserve, release } = newTrip();
    const request = { vehicleId: "vehicle-2", tripId };
    await fleet.reserveVehicle(request, reserve);
    await fleet.reserveVehicle(request, reserve);
    await fleet.reserveVehicle(request, release);
    expect(await publishOutbox("vehicle-2")).toHaveLength(1);
  });

  it("publishes nothing for a call that is refused or changes nothing", async () => {
    const one = newTrip();
    const other = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-3", tripId: one.tripId }, one.reserve);
    await publishOutbox("vehicle-3");
    const request = { vehicleId: "vehicle-3", tripId: other.tripId };
    await catchRefusal(fleet.reserveVehicle(request, other.reserve));
    await fleet.releaseVehicle(request, other.release);
    expect(await publishOutbox("vehicle-3")).toEqual([]);
  });
});

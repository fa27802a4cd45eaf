import { type Client, Code } from "@connectrpc/connect";
import type { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { catchRefusal, retryWhileUnavailable } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newTrip, startTestFleet, type TestFleet, worker } from "../test/test-fleet.ts";

let test: TestFleet;
let fleet: Client<typeof FleetService>;
beforeAll(async () => {
  test = await startTestFleet();
  fleet = test.as(worker);
}, 120_000);
afterAll(() => test?.[Symbol.asyncDispose](), 60_000);
beforeEach(() => test.db.deleteFrom("vehicle_holds").execute());

describe("ReleaseVehicle", () => {
  it("releases the vehicle as the compensation of its reservation, and refuses a late copy of that", async () => {
    const { tripId, reserve } = newTrip();
    const request = { vehicleId: "vehicle-1", tripId };
    await fleet.reserveVehicle(request, reserve);
    await fleet.releaseVehicle(request, reserve);
    expect(await test.readHolds()).toEqual([]);
    const error = await catchRefusal(fleet.reserveVehicle(request, reserve));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(await test.readHolds()).toEqual([]);
  });

  it("refuses a reservation that arrives after its compensation", async () => {
    const { tripId, reserve } = newTrip();
    const request = { vehicleId: "vehicle-1", tripId };
    await fleet.releaseVehicle(request, reserve);
    const error = await catchRefusal(fleet.reserveVehicle(request, reserve));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(await test.readHolds()).toEqual([]);
  });

  it("leaves nothing held when it races its reservation", async () => {
    const trips = Array.from({ length: 19 }, (_, index) => ({
      ...newTrip(),
      vehicleId: `vehicle-${index + 1}`,
    }));
    await Promise.all(
      trips.flatMap(({ tripId, vehicleId, reserve }) => [
        fleet.reserveVehicle({ vehicleId, tripId }, reserve).catch(() => {}),
        retryWhileUnavailable(() => fleet.releaseVehicle({ vehicleId, tripId }, reserve)),
      ]),
    );
    expect(await test.readHolds()).toEqual([]);
  });

  it("releases the vehicle under a key of its own, and may be repeated", async () => {
    const { tripId, reserve, release } = newTrip();
    const request = { vehicleId: "vehicle-1", tripId };
    await fleet.reserveVehicle(request, reserve);
    await fleet.releaseVehicle(request, release);
    await fleet.releaseVehicle(request, release);
    expect(await test.readHolds()).toEqual([]);
  });

  it("does not release a vehicle that another trip holds", async () => {
    const first = newTrip();
    const second = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId: first.tripId }, first.reserve);
    await fleet.releaseVehicle({ vehicleId: "vehicle-1", tripId: second.tripId }, second.reserve);
    expect(await test.readHolds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: first.tripId }]);
  });

  it("succeeds for an unknown vehicle", async () => {
    const { tripId, reserve } = newTrip();
    await fleet.releaseVehicle({ vehicleId: "bicycle-1", tripId }, reserve);
    expect(await test.readHolds()).toEqual([]);
  });
});

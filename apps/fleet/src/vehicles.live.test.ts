import { type Client, Code } from "@connectrpc/connect";
import type { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { VehicleState } from "@fanfare/contracts/fleet/v1/fleet";
import type { Caller } from "@fanfare/service";
import { catchRefusal, withIdempotencyKey } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  newTrip,
  operator,
  rider,
  startTestFleet,
  type TestFleet,
  worker,
} from "../test/test-fleet.ts";

let test: TestFleet;
let fleet: Client<typeof FleetService>;

beforeAll(async () => {
  test = await startTestFleet();
  fleet = test.as(worker);
}, 120_000);

afterAll(async () => {
  await test?.[Symbol.asyncDispose]();
}, 60_000);

beforeEach(async () => {
  await test.db.deleteFrom("vehicle_holds").execute();
});

async function listHolders(caller: Caller): Promise<string[]> {
  const { vehicles } = await test.as(caller).listVehicles({});
  return vehicles.map(({ tripId }) => tripId).filter((tripId) => tripId !== "");
}

describe("GetVehicle", () => {
  it("shows an operator which trip holds the vehicle, and a rider only that it is in use", async () => {
    const { tripId, reserve } = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve);
    const seen = await test.as(operator).getVehicle({ vehicleId: "vehicle-1" });
    expect(seen.vehicle).toMatchObject({ state: VehicleState.IN_USE, tripId });
    const { vehicle } = await test.as(rider).getVehicle({ vehicleId: "vehicle-1" });
    expect(vehicle).toMatchObject({ state: VehicleState.IN_USE, tripId: "" });
  });

  it("returns the position of a vehicle, and that it is out of service", async () => {
    const { vehicle } = await test.as(rider).getVehicle({ vehicleId: "vehicle-20" });
    expect(vehicle).toMatchObject({
      model: "Hyundai Kona",
      position: { latitude: 45.766, longitude: 4.86 },
      state: VehicleState.OUT_OF_SERVICE,
    });
  });

  it("throws not_found for an unknown vehicle", async () => {
    const error = await catchRefusal(fleet.getVehicle({ vehicleId: "bicycle-1" }));
    expect(error.code).toBe(Code.NotFound);
  });
});

describe("ListVehicles", () => {
  it("lists every vehicle once over all pages", async () => {
    const seen: string[] = [];
    const sizes: number[] = [];
    let pageToken = "";
    do {
      const page = await test.as(rider).listVehicles({ pageSize: 7, pageToken });
      seen.push(...page.vehicles.map(({ vehicleId }) => vehicleId));
      sizes.push(page.vehicles.length);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(sizes).toEqual([7, 7, 6]);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => `vehicle-${i + 1}`).toSorted());
  });

  it("returns 20 vehicles by default, and no token with the last page", async () => {
    const { vehicles, nextPageToken } = await test.as(rider).listVehicles({});
    expect(vehicles).toHaveLength(20);
    expect(nextPageToken).toBe("");
  });

  it("does not show a rider which trip holds a vehicle", async () => {
    const { tripId, reserve } = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve);
    expect(await listHolders(rider)).toEqual([]);
    expect(await listHolders(operator)).toEqual([tripId]);
  });

  it("refuses a page token that it did not issue, and a page that is too large", async () => {
    const token = await catchRefusal(fleet.listVehicles({ pageToken: "nonsense" }));
    expect(token.code).toBe(Code.InvalidArgument);
    const size = await catchRefusal(fleet.listVehicles({ pageSize: 101 }));
    expect(size.code).toBe(Code.InvalidArgument);
  });
});

describe("invalid calls", () => {
  it.each([rider, operator])("are refused when a $role writes", async (caller) => {
    const { tripId, reserve } = newTrip();
    const request = { vehicleId: "vehicle-1", tripId };
    const reserving = await catchRefusal(test.as(caller).reserveVehicle(request, reserve));
    expect(reserving.code).toBe(Code.PermissionDenied);
    const releasing = await catchRefusal(test.as(caller).releaseVehicle(request, reserve));
    expect(releasing.code).toBe(Code.PermissionDenied);
    expect(await test.readHolds()).toEqual([]);
  });

  it("are refused without an idempotency-key", async () => {
    const request = { vehicleId: "vehicle-1", tripId: crypto.randomUUID() };
    const reserving = await catchRefusal(fleet.reserveVehicle(request));
    expect(reserving.code).toBe(Code.InvalidArgument);
    expect(reserving.rawMessage).toContain("idempotency-key");
    const releasing = await catchRefusal(fleet.releaseVehicle(request));
    expect(releasing.code).toBe(Code.InvalidArgument);
  });

  it.each([
    { vehicleId: "", tripId: crypto.randomUUID() },
    { vehicleId: "vehicle-1\0", tripId: crypto.randomUUID() },
    { vehicleId: "vehicle-1", tripId: "" },
    { vehicleId: "vehicle-1", tripId: "trip-1" },
  ])("are refused with a missing or malformed field: %j", async (request) => {
    const error = await catchRefusal(fleet.reserveVehicle(request, withIdempotencyKey("key")));
    expect(error.code).toBe(Code.InvalidArgument);
  });
});

describe("migrations", () => {
  it("insert the vehicles once", async () => {
    await using second = test.openAgain();
    await second.waitForMigrations({ timeoutMs: 60_000 });
    expect((await fleet.listVehicles({ pageSize: 100 })).vehicles).toHaveLength(20);
  });
});

import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createTestTransport } from "@fanfare/access/testing";
import { FleetService, VehicleState } from "@fanfare/contracts/fleet/v1/fleet";
import { catchRefusal, retryWhileUnavailable, withIdempotencyKey } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { newTrip, startTestFleet, type TestFleet, worker } from "../test/test-fleet.ts";
import { createRoutes } from "./routes.ts";

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

function insertHold(vehicle: string, trip: string) {
  return test.db.insertInto("vehicle_holds").values({ vehicle_id: vehicle, trip_id: trip });
}

describe("ReserveVehicle", () => {
  it("holds the vehicle for the trip", async () => {
    const { tripId, reserve } = newTrip();
    const { vehicle } = await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve);
    expect(vehicle).toMatchObject({
      vehicleId: "vehicle-1",
      state: VehicleState.IN_USE,
      tripId,
    });
    expect(await test.readHolds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: tripId }]);
  });

  it("holds the vehicle whatever the listener of commits does", async () => {
    const warnings = vi.spyOn(process, "emitWarning").mockReturnValue();
    const routes = createRoutes(test.db, {
      onCommit: () => {
        throw new Error("no disk");
      },
    });
    const listened = createClient(FleetService, createTestTransport(routes, worker));
    const { tripId, reserve, release } = newTrip();
    await listened.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve);
    expect(await test.readHolds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: tripId }]);
    await listened.releaseVehicle({ vehicleId: "vehicle-1", tripId }, release);
    expect(await test.readHolds()).toEqual([]);
    expect(warnings).toHaveBeenCalledTimes(2);
    warnings.mockRestore();
  });

  it("throws not_found for an unknown vehicle", async () => {
    const { tripId, reserve } = newTrip();
    const error = await catchRefusal(
      fleet.reserveVehicle({ vehicleId: "bicycle-1", tripId }, reserve),
    );
    expect(error.code).toBe(Code.NotFound);
    expect(error.rawMessage).toBe("there is no vehicle bicycle-1: choose one from ListVehicles");
    expect(await test.readHolds()).toEqual([]);
  });

  it("refuses a vehicle that another trip holds, without naming that trip", async () => {
    const first = newTrip();
    const second = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId: first.tripId }, first.reserve);
    const error = await catchRefusal(
      fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId: second.tripId }, second.reserve),
    );
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toBe(
      "vehicle-1 is in use by another trip: choose an available vehicle from ListVehicles, or try again later",
    );
    expect(await test.readHolds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: first.tripId }]);
  });

  it("refuses a vehicle that is out of service", async () => {
    const { tripId, reserve } = newTrip();
    const error = await catchRefusal(
      fleet.reserveVehicle({ vehicleId: "vehicle-20", tripId }, reserve),
    );
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toContain("vehicle-20 is out of service: choose");
    expect(await test.readHolds()).toEqual([]);
  });

  it("refuses a second vehicle for the same trip", async () => {
    const { tripId, reserve } = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve);
    const error = await catchRefusal(
      fleet.reserveVehicle(
        { vehicleId: "vehicle-2", tripId },
        withIdempotencyKey(`trip/${tripId}/another`),
      ),
    );
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toContain("this trip holds another vehicle: release that");
    expect(await test.readHolds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: tripId }]);
  });

  it("lets a trip keep the vehicle that it holds", async () => {
    const { tripId, reserve } = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve);
    const again = withIdempotencyKey(`trip/${tripId}/another`);
    const { vehicle } = await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, again);
    expect(vehicle?.tripId).toBe(tripId);
  });

  it("returns the same answer to a repeated call, even when the vehicle is free again", async () => {
    const { tripId, reserve, release } = newTrip();
    const request = { vehicleId: "vehicle-1", tripId };
    const first = await fleet.reserveVehicle(request, reserve);
    expect(await fleet.reserveVehicle(request, reserve)).toEqual(first);
    await fleet.releaseVehicle(request, release);
    expect(await fleet.reserveVehicle(request, reserve)).toEqual(first);
    expect(await test.readHolds()).toEqual([]);
  });

  it("refuses a key that was used for other contents", async () => {
    const { tripId, reserve } = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve);
    const error = await catchRefusal(
      fleet.reserveVehicle({ vehicleId: "vehicle-2", tripId }, reserve),
    );
    expect(error.code).toBe(Code.AlreadyExists);
    expect(await test.readHolds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: tripId }]);
  });

  it("accepts a call that was refused before", async () => {
    const first = newTrip();
    const second = newTrip();
    const request = { vehicleId: "vehicle-1", tripId: second.tripId };
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId: first.tripId }, first.reserve);
    await catchRefusal(fleet.reserveVehicle(request, second.reserve));
    await fleet.releaseVehicle({ vehicleId: "vehicle-1", tripId: first.tripId }, first.release);
    await fleet.reserveVehicle(request, second.reserve);
    expect(await test.readHolds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: second.tripId }]);
  });

  it("lets one of a hundred concurrent trips hold a vehicle", async () => {
    const trips = Array.from({ length: 100 }, newTrip);
    const results = await Promise.allSettled(
      trips.map(({ tripId, reserve }) =>
        retryWhileUnavailable(() =>
          fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve),
        ),
      ),
    );
    const codes = results.map((result) =>
      result.status === "fulfilled" ? "held" : ConnectError.from(result.reason).code,
    );
    expect(codes.filter((code) => code === "held")).toHaveLength(1);
    expect(codes.filter((code) => code === Code.FailedPrecondition)).toHaveLength(99);
    const winner = trips[codes.indexOf("held")];
    expect(await test.readHolds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: winner?.tripId }]);
  });

  it("lets a trip hold one of the vehicles that it requests concurrently", async () => {
    const { tripId } = newTrip();
    const results = await Promise.allSettled(
      Array.from({ length: 19 }, (_, index) =>
        retryWhileUnavailable(() =>
          fleet.reserveVehicle(
            { vehicleId: `vehicle-${index + 1}`, tripId },
            withIdempotencyKey(`trip/${tripId}/reserve-${index}`),
          ),
        ),
      ),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await test.readHolds()).toHaveLength(1);
  });

  it("returns the same answer to twenty concurrent equal calls", async () => {
    const { tripId, reserve } = newTrip();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        retryWhileUnavailable(() =>
          fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve),
        ),
      ),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await test.readHolds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: tripId }]);
  });
});

describe("the database", () => {
  it("allows one holder for a vehicle and one vehicle for a trip", async () => {
    const [one, two] = [crypto.randomUUID(), crypto.randomUUID()];
    await insertHold("vehicle-1", one).execute();
    await expect(insertHold("vehicle-1", two).execute()).rejects.toThrow(/vehicle_holds_pkey/);
    await expect(insertHold("vehicle-2", one).execute()).rejects.toThrow(
      /vehicle_holds_trip_id_key/,
    );
    await expect(insertHold("bicycle-1", two).execute()).rejects.toThrow(/fkey/);
  });
});

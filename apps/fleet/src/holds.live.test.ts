import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { VehicleState } from "@fanfare/contracts/fleet/v1/fleet";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  insist,
  newTrip,
  refusal,
  startTestFleet,
  type TestFleet,
  under,
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
    expect(await test.holds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: tripId }]);
  });

  it("does not know a vehicle that is not in the fleet", async () => {
    const { tripId, reserve } = newTrip();
    const error = await refusal(fleet.reserveVehicle({ vehicleId: "bicycle-1", tripId }, reserve));
    expect(error.code).toBe(Code.NotFound);
    expect(error.rawMessage).toBe("There is no vehicle bicycle-1: choose one from ListVehicles");
    expect(await test.holds()).toEqual([]);
  });

  it("refuses a vehicle that another trip holds, without saying which trip", async () => {
    const first = newTrip();
    const second = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId: first.tripId }, first.reserve);
    const error = await refusal(
      fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId: second.tripId }, second.reserve),
    );
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toBe(
      "vehicle-1 is in use by another trip: choose an available vehicle from ListVehicles, or try again later",
    );
    expect(await test.holds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: first.tripId }]);
  });

  it("refuses a vehicle that is out of service", async () => {
    const { tripId, reserve } = newTrip();
    const error = await refusal(fleet.reserveVehicle({ vehicleId: "vehicle-20", tripId }, reserve));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toContain("vehicle-20 is out of service: choose");
    expect(await test.holds()).toEqual([]);
  });

  it("refuses a second vehicle to the same trip", async () => {
    const { tripId, reserve } = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve);
    const error = await refusal(
      fleet.reserveVehicle({ vehicleId: "vehicle-2", tripId }, under(`trip/${tripId}/another`)),
    );
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toContain("This trip holds another vehicle: release that");
    expect(await test.holds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: tripId }]);
  });

  it("lets a trip keep the vehicle that it holds", async () => {
    const { tripId, reserve } = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve);
    const again = under(`trip/${tripId}/another`);
    const { vehicle } = await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, again);
    expect(vehicle?.tripId).toBe(tripId);
  });

  it("gives the same answer to the same call, also when the vehicle is free again", async () => {
    const { tripId, reserve, release } = newTrip();
    const request = { vehicleId: "vehicle-1", tripId };
    const first = await fleet.reserveVehicle(request, reserve);
    expect(await fleet.reserveVehicle(request, reserve)).toEqual(first);
    await fleet.releaseVehicle(request, release);
    expect(await fleet.reserveVehicle(request, reserve)).toEqual(first);
    expect(await test.holds()).toEqual([]);
  });

  it("refuses a key that was used for other contents", async () => {
    const { tripId, reserve } = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve);
    const error = await refusal(fleet.reserveVehicle({ vehicleId: "vehicle-2", tripId }, reserve));
    expect(error.code).toBe(Code.AlreadyExists);
    expect(await test.holds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: tripId }]);
  });

  it("does not remember a refusal", async () => {
    const first = newTrip();
    const second = newTrip();
    const request = { vehicleId: "vehicle-1", tripId: second.tripId };
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId: first.tripId }, first.reserve);
    await refusal(fleet.reserveVehicle(request, second.reserve));
    await fleet.releaseVehicle({ vehicleId: "vehicle-1", tripId: first.tripId }, first.release);
    await fleet.reserveVehicle(request, second.reserve);
    expect(await test.holds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: second.tripId }]);
  });

  it("gives one vehicle to one of a hundred trips that ask at once", async () => {
    const trips = Array.from({ length: 100 }, newTrip);
    const results = await Promise.allSettled(
      trips.map(({ tripId, reserve }) =>
        insist(() => fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve)),
      ),
    );
    const codes = results.map((result) =>
      result.status === "fulfilled" ? "held" : ConnectError.from(result.reason).code,
    );
    expect(codes.filter((code) => code === "held")).toHaveLength(1);
    expect(codes.filter((code) => code === Code.FailedPrecondition)).toHaveLength(99);
    const winner = trips[codes.indexOf("held")];
    expect(await test.holds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: winner?.tripId }]);
  });

  it("gives one trip one of the vehicles that it asks for at once", async () => {
    const { tripId } = newTrip();
    const results = await Promise.allSettled(
      Array.from({ length: 19 }, (_, index) =>
        insist(() =>
          fleet.reserveVehicle(
            { vehicleId: `vehicle-${index + 1}`, tripId },
            under(`trip/${tripId}/reserve-${index}`),
          ),
        ),
      ),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await test.holds()).toHaveLength(1);
  });

  it("answers twenty equal calls at once alike", async () => {
    const { tripId, reserve } = newTrip();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        insist(() => fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId }, reserve)),
      ),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await test.holds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: tripId }]);
  });
});

describe("ReleaseVehicle", () => {
  it("frees the vehicle as the compensation of its reservation, whose late copy is then refused", async () => {
    const { tripId, reserve } = newTrip();
    const request = { vehicleId: "vehicle-1", tripId };
    await fleet.reserveVehicle(request, reserve);
    await fleet.releaseVehicle(request, reserve);
    expect(await test.holds()).toEqual([]);
    const error = await refusal(fleet.reserveVehicle(request, reserve));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(await test.holds()).toEqual([]);
  });

  it("refuses a reservation that arrives after its compensation", async () => {
    const { tripId, reserve } = newTrip();
    const request = { vehicleId: "vehicle-1", tripId };
    await fleet.releaseVehicle(request, reserve);
    const error = await refusal(fleet.reserveVehicle(request, reserve));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(await test.holds()).toEqual([]);
  });

  it("leaves nothing held when it races its reservation", async () => {
    const trips = Array.from({ length: 19 }, (_, index) => ({
      ...newTrip(),
      vehicleId: `vehicle-${index + 1}`,
    }));
    await Promise.all(
      trips.flatMap(({ tripId, vehicleId, reserve }) => [
        fleet.reserveVehicle({ vehicleId, tripId }, reserve).catch(() => {}),
        insist(() => fleet.releaseVehicle({ vehicleId, tripId }, reserve)),
      ]),
    );
    expect(await test.holds()).toEqual([]);
  });

  it("frees the vehicle under a key of its own, and again without harm", async () => {
    const { tripId, reserve, release } = newTrip();
    const request = { vehicleId: "vehicle-1", tripId };
    await fleet.reserveVehicle(request, reserve);
    await fleet.releaseVehicle(request, release);
    await fleet.releaseVehicle(request, release);
    expect(await test.holds()).toEqual([]);
  });

  it("leaves the vehicle with another trip that holds it", async () => {
    const first = newTrip();
    const second = newTrip();
    await fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId: first.tripId }, first.reserve);
    await fleet.releaseVehicle({ vehicleId: "vehicle-1", tripId: second.tripId }, second.reserve);
    expect(await test.holds()).toEqual([{ vehicle_id: "vehicle-1", trip_id: first.tripId }]);
  });

  it("is harmless for a vehicle that is not in the fleet", async () => {
    const { tripId, reserve } = newTrip();
    await fleet.releaseVehicle({ vehicleId: "bicycle-1", tripId }, reserve);
    expect(await test.holds()).toEqual([]);
  });
});

describe("the database", () => {
  it("has room for one holder of a vehicle and one vehicle of a trip", async () => {
    const [one, two] = [crypto.randomUUID(), crypto.randomUUID()];
    await insertHold("vehicle-1", one).execute();
    await expect(insertHold("vehicle-1", two).execute()).rejects.toThrow(/vehicle_holds_pkey/);
    await expect(insertHold("vehicle-2", one).execute()).rejects.toThrow(
      /vehicle_holds_trip_id_key/,
    );
    await expect(insertHold("bicycle-1", two).execute()).rejects.toThrow(/fkey/);
  });
});

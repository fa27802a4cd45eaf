import { type Client, Code } from "@connectrpc/connect";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { catchRefusal } from "@fanfare/test-fixtures";
import { sql } from "kysely";
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

type Trip = ReturnType<typeof newTrip>;

/** What comes before a call, the call, and another one under its key. */
interface Sample {
  readonly before?: (trip: Trip) => Promise<unknown>;
  readonly call: (trip: Trip) => Promise<unknown>;
  readonly another?: (trip: Trip) => Promise<unknown>;
}

const vehicleId = "vehicle-1";
const reserve = ({ tripId, reserve: key }: Trip) =>
  fleet.reserveVehicle({ vehicleId, tripId }, key);
const release = ({ tripId, release: key }: Trip) =>
  fleet.releaseVehicle({ vehicleId, tripId }, key);

/** The sample of every method that the service has: a new one has to be added. */
const samples: Record<keyof typeof FleetService.method, Sample> = {
  reserveVehicle: {
    call: reserve,
    another: ({ tripId, reserve: key }) =>
      fleet.reserveVehicle({ vehicleId: "vehicle-2", tripId }, key),
  },
  releaseVehicle: { before: reserve, call: release },
  getVehicle: { call: () => fleet.getVehicle({ vehicleId }) },
  listVehicles: { call: () => fleet.listVehicles({}) },
};

const setInService = (in_service: boolean) =>
  test.db.updateTable("vehicles").set({ in_service }).where("vehicle_id", "=", vehicleId).execute();
const forgetKeys = () => sql`delete from idempotency_keys`.execute(test.db);
const readAll = async () => ({
  holds: await test.readHolds(),
  changes: await test.countWaiting(),
});

describe("keys: what already happened is the answer when the keys are deleted", () => {
  it.each(Object.entries(samples))("%s", async (_, { before, call, another }) => {
    const trip = newTrip();
    await before?.(trip);
    const first = await call(trip);
    const all = await readAll();
    for (let times = 0; times < 2; times++) {
      await forgetKeys();
      expect(await call(trip)).toEqual(first);
      expect(await readAll()).toEqual(all);
    }
    if (another === undefined) return;
    await forgetKeys();
    expect((await catchRefusal(another(trip))).code).toBe(Code.AlreadyExists);
    expect(await readAll()).toEqual(all);
  });

  it("a reservation that was released is not made again, and another trip keeps the vehicle", async () => {
    const [trip, other] = [newTrip(), newTrip()];
    const first = await reserve(trip);
    await release(trip);
    await reserve(other);
    const all = await readAll();
    await forgetKeys();
    expect(await reserve(trip)).toEqual(first);
    expect(await readAll()).toEqual(all);
  });

  it("the reservation of a vehicle that is out of service since", async () => {
    const trip = newTrip();
    const first = await reserve(trip);
    await setInService(false);
    await forgetKeys();
    expect(await reserve(trip)).toMatchObject({ vehicle: { vehicleId: first.vehicle?.vehicleId } });
    await setInService(true);
  });

  it("a compensated reservation is refused for good, whether it happened or not", async () => {
    for (const before of [async () => undefined, reserve]) {
      const trip = newTrip();
      await before(trip);
      await fleet.releaseVehicle({ vehicleId, tripId: trip.tripId }, trip.reserve);
      await forgetKeys();
      expect((await catchRefusal(reserve(trip))).code).toBe(Code.FailedPrecondition);
      expect(await test.readHolds()).toEqual([]);
    }
  });
});

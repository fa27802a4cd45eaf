import { Code, ConnectError } from "@connectrpc/connect";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { catchRefusal } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Stack, startStack } from "../test/stack.ts";
import { createTrip, type Rider, startTrip, waitForStatus } from "../test/trips.ts";

describe("refusals at the edge", { timeout: 180_000 }, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  }, 180_000);
  afterAll(() => stack?.[Symbol.asyncDispose](), 60_000);

  /** Expects that a refused trip holds no vehicle and has charged nothing. */
  async function expectNothingLeft(trip: Rider) {
    const { vehicles } = await stack.clients.fleet.listVehicles({ pageSize: 100 });
    expect(vehicles.filter((vehicle) => vehicle.tripId === trip.tripId)).toEqual([]);
    const tab = await stack.clients.billing.getTab(trip).then(
      ({ tab: found }) => found?.balance?.minorUnits,
      (error: unknown) => ConnectError.from(error).code,
    );
    expect([0n, Code.NotFound]).toContain(tab);
  }

  it.each<[string, Partial<Rider>, Code, RegExp]>([
    ["an unknown vehicle", { vehicleId: "vehicle-99" }, Code.NotFound, /no such vehicle/],
    [
      "a vehicle that is out of service",
      { vehicleId: "vehicle-20" },
      Code.FailedPrecondition,
      /the vehicle is not available/,
    ],
    [
      "a payment method that is declined",
      { gatewayToken: "pm_card_chargeDeclined" },
      Code.FailedPrecondition,
      /declined/,
    ],
    [
      "a payment method that does not exist",
      { gatewayToken: "pm_wishful" },
      Code.InvalidArgument,
      /payment method is unknown/,
    ],
    ["a trip id that is no UUID", { tripId: "one" }, Code.InvalidArgument, /trip_id/],
    ["a missing vehicle", { vehicleId: "" }, Code.InvalidArgument, /vehicle_id/],
    ["a body over the limit", { vehicleId: "v".repeat(2_000_000) }, Code.ResourceExhausted, /./],
  ])("refuses %s", async (_what, fields, code, message) => {
    const trip = createTrip({ vehicleId: "vehicle-5", ...fields });
    const refusal = await catchRefusal(startTrip(stack.clients, trip));
    expect(refusal.code).toBe(code);
    expect(refusal.rawMessage).toMatch(message);
    if (code !== Code.InvalidArgument || fields.gatewayToken !== undefined) {
      await expectNothingLeft(trip);
    }
  });

  it("refuses another rider's payment method and a removed one, and leaves nothing behind", async () => {
    const { clients } = stack;
    const trip = createTrip({ vehicleId: "vehicle-5" });
    const others = await clients.findPaymentMethod("bob", "pm_card_visa");
    const removed = await clients.findPaymentMethod(trip.name, "pm_card_visa");
    await clients.riders(trip.name).removePaymentMethod({ paymentMethodId: removed });
    for (const paymentMethod of [others, removed, "pm_card_visa"]) {
      const one = { ...trip, tripId: crypto.randomUUID() };
      const { tripId, vehicleId } = one;
      const refusal = await catchRefusal(
        clients.trips(trip.name).startTrip({ tripId, vehicleId, paymentMethod }),
      );
      expect(refusal.code).toBe(Code.FailedPrecondition);
      expect(refusal.rawMessage).toContain("is not yours");
      await expectNothingLeft(one);
    }
  });

  it("refuses a vehicle in use, and leaves it with its holder", async () => {
    const { clients } = stack;
    const holder = createTrip({ vehicleId: "vehicle-6" });
    await startTrip(clients, holder);
    const late = createTrip({ name: "bob", vehicleId: "vehicle-6" });
    expect(await catchRefusal(startTrip(clients, late))).toMatchObject({
      code: Code.FailedPrecondition,
    });
    await expectNothingLeft(late);
    expect((await clients.fleet.getVehicle(holder)).vehicle?.tripId).toBe(holder.tripId);
  });

  it("refuses the same trip id with other contents, and keeps the first", async () => {
    const { clients } = stack;
    const trip = createTrip({ vehicleId: "vehicle-7" });
    const first = await startTrip(clients, trip);
    const other = { ...trip, vehicleId: "vehicle-8" };
    expect(await catchRefusal(startTrip(clients, other))).toMatchObject({
      code: Code.AlreadyExists,
    });
    expect(await startTrip(clients, trip)).toEqual(first);
    await expectNothingLeft({ ...trip, tripId: crypto.randomUUID() });
    expect((await clients.fleet.getVehicle(other)).vehicle?.tripId).toBe("");
  });

  it("hides a rider's trip from other riders", async () => {
    const { clients } = stack;
    const trip = createTrip({ vehicleId: "vehicle-9" });
    await startTrip(clients, trip);
    const mallory = clients.trips("mallory");
    const unknown = { tripId: crypto.randomUUID() };
    const calls = [
      (of: { tripId: string }) => mallory.getTrip(of),
      (of: { tripId: string }) => mallory.endTrip(of),
      (of: { tripId: string }) => mallory.cancelTrip(of),
    ];
    for (const call of calls) {
      expect(await catchRefusal(call(trip))).toMatchObject({ code: Code.NotFound });
      expect(await catchRefusal(call(unknown))).toMatchObject({ code: Code.NotFound });
    }
    expect((await mallory.listTrips({})).trips).toEqual([]);
    await waitForStatus(clients, trip, TripStatus.ACTIVE);
  });

  it("refuses to cancel a settled trip, and answers a second end like the first", async () => {
    const { clients } = stack;
    const trip = createTrip({ vehicleId: "vehicle-10" });
    await startTrip(clients, trip);
    const rider = clients.trips(trip.name);
    const { trip: first } = await rider.endTrip(trip);
    const settled = await waitForStatus(clients, trip, TripStatus.SETTLED);
    const { trip: second } = await rider.endTrip(trip);
    expect(second).toMatchObject({ endedAt: first?.endedAt, fare: first?.fare });
    expect(await catchRefusal(rider.cancelTrip(trip))).toMatchObject({
      code: Code.FailedPrecondition,
    });
    expect((await waitForStatus(clients, trip, TripStatus.SETTLED)).settled).toEqual(
      settled.settled,
    );
  });

  it.each([
    ["an expired token", { expiresIn: "-1m" }, Code.Unauthenticated, /expired/],
    ["a token for another audience", { audience: "elsewhere" }, Code.Unauthenticated, /audience/],
    [
      "the token of a service",
      { role: "service" as const, audience: "trips" },
      Code.PermissionDenied,
      /rider/,
    ],
    [
      "the token of a service for people",
      { role: "service" as const },
      Code.Unauthenticated,
      /one for trips/,
    ],
  ])("refuses %s", async (_what, claims, code, message) => {
    const trip = createTrip({ vehicleId: "vehicle-11" });
    const { tripId, vehicleId, gatewayToken: paymentMethod } = trip;
    const trips = stack.clients.trips(trip.name, claims);
    const refusal = await catchRefusal(trips.startTrip({ tripId, vehicleId, paymentMethod }));
    expect(refusal.code).toBe(code);
    expect(refusal.rawMessage).toMatch(message);
    await expectNothingLeft(trip);
    expect(await catchRefusal(stack.clients.trips(trip.name).getTrip(trip))).toMatchObject({
      code: Code.NotFound,
    });
  });

  it("refuses a call without a token", async () => {
    const answer = await fetch(`${stack.system.app("trips").url}/trips.v1.TripsService/ListTrips`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({
      code: "unauthenticated",
      message: expect.stringMatching(/Bearer/),
    });
  });
});

import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { catchRefusal } from "@fanfare/test-fixtures";
import { launchTariff } from "@fanfare/trip-contract";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestApi, type TestApi } from "../../test/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await api.freeRiders();
  api.workflows.override = undefined;
  api.workflows.refusal = undefined;
  api.workflows.started.length = 0;
});

const declined = {
  code: "failed_precondition",
  message: "the card was declined: use another",
  step: "open-tab",
};

function createRequest() {
  return { tripId: randomUUID(), vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" };
}

describe("StartTrip", () => {
  it("returns the trip once it is ACTIVE", async () => {
    const request = createRequest();
    const { trip } = await api.rider().startTrip(request);
    expect(trip).toMatchObject({ ...request, riderId: "rosa", status: TripStatus.ACTIVE });
    expect(api.workflows.started).toEqual([
      { ...request, riderId: "rosa", requestedAt: expect.any(String), tariff: launchTariff },
    ]);
  });

  it("starts one workflow, and returns the same trip when it is repeated", async () => {
    const request = createRequest();
    const first = await api.rider().startTrip(request);
    const second = await api
      .rider()
      .startTrip({ ...request, tripId: request.tripId.toUpperCase() });
    expect(second).toEqual(first);
    expect(api.workflows.started).toHaveLength(1);
  });

  it("records one trip for many concurrent calls", async () => {
    const request = createRequest();
    const calls = Array.from({ length: 10 }, () => api.rider().startTrip(request));
    const answers = await Promise.all(calls);
    expect(new Set(answers.map(({ trip }) => trip?.status))).toEqual(new Set([TripStatus.ACTIVE]));
    expect((await api.registry.find(request.tripId))?.version).toBe("3");
  });

  it("returns the same trip after its workflow has closed", async () => {
    const request = createRequest();
    await api.rider().startTrip(request);
    await api.rider().endTrip(request);
    api.workflows.override = { kind: "not-running" };
    const { trip } = await api.rider().startTrip(request);
    expect(trip?.status).toBe(TripStatus.ENDED);
    expect(api.workflows.started).toHaveLength(1);
  });

  it("throws the refusal that caused the compensation, and again when it is repeated", async () => {
    const request = createRequest();
    api.workflows.refusal = declined;
    const rawMessage = "the payment method was declined or is not yours: use another one";
    const expected = { code: Code.FailedPrecondition, rawMessage };
    expect(await catchRefusal(api.rider().startTrip(request))).toMatchObject(expected);
    expect(await catchRefusal(api.rider().startTrip(request))).toMatchObject(expected);
    expect(api.workflows.started).toHaveLength(1);
  });

  it("throws a refusal with its original code", async () => {
    const message = "there is no vehicle vehicle-1: choose one from ListVehicles";
    api.workflows.refusal = { code: "not_found", message, step: "reserve-vehicle" };
    expect(await catchRefusal(api.rider().startTrip(createRequest()))).toMatchObject({
      code: Code.NotFound,
      rawMessage: "there is no such vehicle: choose another one",
    });
  });

  it("throws internal for a refusal that only services understand", async () => {
    const message = "billing.v1.BillingService/OpenTab cannot be called by the service worker";
    api.workflows.refusal = { code: "permission_denied", message, step: "open-tab" };
    expect(await catchRefusal(api.rider().startTrip(createRequest()))).toMatchObject({
      code: Code.Internal,
      rawMessage: expect.stringContaining("a fault on our side"),
    });
  });

  it("returns the trip as it is when its workflow takes longer or Temporal is unavailable", async () => {
    for (const kind of ["timed-out", "unavailable"] as const) {
      api.workflows.override =
        kind === "unavailable" ? { kind, cause: new Error("no server") } : { kind };
      await api.freeRiders();
      const { trip } = await api.rider().startTrip(createRequest());
      expect(trip?.status).toBe(TripStatus.REQUESTED);
    }
  });

  it("starts the workflow that an earlier call could not start", async () => {
    const request = createRequest();
    api.workflows.override = { kind: "unavailable", cause: new Error("no server") };
    await api.rider().startTrip(request);
    api.workflows.override = undefined;
    const { trip } = await api.rider().startTrip(request);
    expect(trip?.status).toBe(TripStatus.ACTIVE);
  });

  it("returns a cancelled trip to the rider who cancelled it", async () => {
    const request = createRequest();
    await api.rider().startTrip(request);
    await api.rider().cancelTrip({ tripId: request.tripId, reason: "rain" });
    const { trip } = await api.rider().startTrip(request);
    expect(trip).toMatchObject({
      status: TripStatus.CANCELLED,
      reason: "you cancelled the trip",
    });
  });

  it("refuses a rider's second active trip, and leaves nothing of it", async () => {
    const first = createRequest();
    await api.rider().startTrip(first);
    const second = createRequest();
    const refusal = await catchRefusal(api.rider().startTrip(second));
    expect(refusal).toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: `the rider has trip ${first.tripId}, which is ACTIVE: end or cancel it before you start another one`,
    });
    expect(await api.registry.find(second.tripId)).toBeUndefined();
    expect(api.workflows.started.map(({ tripId }) => tripId)).toEqual([first.tripId]);
    await api.rider().startTrip(first);
    await api.rider().endTrip(first);
    expect((await api.rider().startTrip(second)).trip?.status).toBe(TripStatus.ACTIVE);
  });

  it("lets one of two concurrent trips of a rider win", async () => {
    const requests = [createRequest(), createRequest(), createRequest()];
    const calls = requests.map((request) => api.rider("eager").startTrip(request));
    const results = await Promise.allSettled(calls);
    const won = requests.filter((_, index) => results[index]?.status === "fulfilled");
    expect(won).toHaveLength(1);
    const { trips } = await api.rider("eager").listTrips({});
    expect(trips.map(({ tripId }) => tripId)).toEqual([won[0]?.tripId]);
  });

  it("refuses a taken id, in the same way for other contents and for another rider", async () => {
    const request = createRequest();
    const { trip: before } = await api.rider().startTrip(request);
    const other = await catchRefusal(api.rider().startTrip({ ...request, vehicleId: "vehicle-2" }));
    expect(other.code).toBe(Code.AlreadyExists);
    expect(other.rawMessage).toContain("choose a new UUID");
    expect(await catchRefusal(api.rider("mallory").startTrip(request))).toEqual(other);
    const { trip: after } = await api.rider().getTrip(request);
    expect(after).toEqual(before);
    expect(api.workflows.started).toHaveLength(1);
  });

  it("refuses missing and malformed fields, and records nothing", async () => {
    const rider = api.rider("sloppy");
    for (const wrong of [{ tripId: "42" }, { vehicleId: "" }, { paymentMethod: "" }]) {
      const refusal = await catchRefusal(rider.startTrip({ ...createRequest(), ...wrong }));
      expect(refusal.code).toBe(Code.InvalidArgument);
      expect(refusal.rawMessage).toMatch(/trip_id|vehicle_id|payment_method/);
    }
    expect((await rider.listTrips({})).trips).toEqual([]);
    expect(api.workflows.started).toHaveLength(0);
  });

  it("is allowed for riders only", async () => {
    const operator = api.as({ role: "operator", subject: "otto" });
    const refusal = await catchRefusal(operator.startTrip(createRequest()));
    expect(refusal.code).toBe(Code.PermissionDenied);
  });
});

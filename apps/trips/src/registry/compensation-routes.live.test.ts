import { Code } from "@connectrpc/connect";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { catchRefusal } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestTrip } from "../../test/request-trip.ts";
import { openTestApi, type TestApi } from "../../test/test-api.ts";
import { requestCancel } from "./stop-requests.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe("TripRegistryService and a trip that is compensated", () => {
  it("compensates a trip for a workflow without its answer unless the drive has begun", async () => {
    const tripId = await requestTrip(api.registry);
    const compensation = { tripId, version: 3n, reason: "lost", unlessDriving: true };
    await api.saga.acceptTrip({ tripId, version: 1n });
    await api.saga.activateTrip({ tripId, version: 2n });
    const refusal = await catchRefusal(api.saga.compensateTrip(compensation));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    await api.registry.record(tripId, requestCancel({ reason: "rain" }));
    const { trip } = await api.saga.compensateTrip(compensation);
    expect(trip?.status).toBe(TripStatus.COMPENSATING);
    const grace = await api.saga.endGrace({ tripId, version: 4n });
    expect(grace).toMatchObject({ cancelReason: "rain" });
    expect(grace.remaining).toBeUndefined();

    const pending = await requestTrip(api.registry);
    await api.saga.acceptTrip({ tripId: pending, version: 1n });
    await api.saga.compensateTrip({ ...compensation, tripId: pending });
    const left = await api.saga.endGrace({ tripId: pending, version: 4n });
    expect(left).toMatchObject({ cancelReason: "lost" });
    expect(left.remaining).toBeUndefined();
    const late = await catchRefusal(api.saga.activateTrip({ tripId: pending, version: 2n }));
    expect(late.code).toBe(Code.FailedPrecondition);
  });

  it("refuses to accept and to activate a trip that was compensated", async () => {
    const tripId = await requestTrip(api.registry);
    const refusal = { code: "not_found", message: "there is no such vehicle" };
    await api.saga.compensateTrip({ tripId, version: 2n, reason: "no vehicle" });
    const compensating = await catchRefusal(api.saga.acceptTrip({ tripId, version: 1n }));
    expect(compensating.code).toBe(Code.FailedPrecondition);
    await api.saga.cancelTripRecord({ tripId, version: 3n, reason: "no vehicle", refusal });
    for (const late of [
      api.saga.acceptTrip({ tripId, version: 1n }),
      api.saga.activateTrip({ tripId, version: 9n }),
    ]) {
      const refused = await catchRefusal(late);
      expect(refused.code).toBe(Code.FailedPrecondition);
      expect(refused.rawMessage).toContain("is CANCELLED");
    }
  });

  it("returns why the compensation of a trip began, also while it is parked", async () => {
    const tripId = await requestTrip(api.registry);
    const refusal = { code: "failed_precondition", message: "no money", step: "open-tab" };
    await api.saga.compensateTrip({ tripId, version: 3n, reason: "declined", refusal });
    await api.saga.parkTrip({ tripId, version: 4n, step: "open-tab", reason: "it is locked" });
    const { compensation } = await api.saga.getTripRecord({ tripId });
    expect(compensation).toMatchObject({ reason: "declined", refusal });
  });
});

import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { catchRefusal } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestApi, type TestApi } from "../../test/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});
beforeEach(() => {
  api.workflows.override = undefined;
  api.workflows.calls = 0;
});

async function startTrip(): Promise<{ tripId: string }> {
  const tripId = randomUUID();
  await api.rider().startTrip({ tripId, vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" });
  return { tripId };
}

describe("EndTrip", () => {
  it("returns the end and the fare of the drive", async () => {
    const { trip } = await api.rider().endTrip(await startTrip());
    expect(trip?.status).toBe(TripStatus.ENDED);
    expect(trip?.fare).toMatchObject({ minorUnits: 150n, currency: "EUR" });
  });

  it("returns the same when it is repeated, without calling the workflow again", async () => {
    const trip = await startTrip();
    const first = await api.rider().endTrip(trip);
    const second = await api.rider().endTrip(trip);
    expect(second).toEqual(first);
    expect(api.workflows.calls).toBe(1);
  });

  it("is refused before the trip is ACTIVE", async () => {
    api.workflows.override = { kind: "timed-out" };
    const refusal = await catchRefusal(api.rider().endTrip(await startTrip()));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    expect(refusal.rawMessage).toContain("its drive has not begun");
    expect(api.workflows.calls).toBe(0);
  });

  it("is refused for a cancelled trip", async () => {
    const trip = await startTrip();
    await api.rider().cancelTrip(trip);
    const refusal = await catchRefusal(api.rider().endTrip(trip));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    expect(refusal.rawMessage).toContain("there is no drive to end");
  });

  it("throws the reason of the workflow's refusal", async () => {
    const trip = await startTrip();
    api.workflows.override = { kind: "refused", reason: "the trip is cancelled: rain" };
    expect(await catchRefusal(api.rider().endTrip(trip))).toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: "the trip is cancelled: rain",
    });
  });

  it("is unavailable while the workflow is not ready", async () => {
    const trip = await startTrip();
    api.workflows.override = { kind: "not-ready", reason: "wait for StartTrip to answer" };
    expect(await catchRefusal(api.rider().endTrip(trip))).toMatchObject({
      code: Code.Unavailable,
      rawMessage: "wait for StartTrip to answer",
    });
  });

  it("is unavailable when Temporal is, and exceeds its deadline when Temporal is too slow", async () => {
    const trip = await startTrip();
    api.workflows.override = { kind: "unavailable", cause: new Error("no server") };
    expect((await catchRefusal(api.rider().endTrip(trip))).code).toBe(Code.Unavailable);
    api.workflows.override = { kind: "timed-out" };
    expect((await catchRefusal(api.rider().endTrip(trip))).code).toBe(Code.DeadlineExceeded);
    api.workflows.override = undefined;
    expect((await api.rider().endTrip(trip)).trip?.status).toBe(TripStatus.ENDED);
  });

  it("throws the same not_found for an unknown trip and for the trip of another rider", async () => {
    const { tripId } = await startTrip();
    const unknown = randomUUID();
    const other = await catchRefusal(api.rider("mallory").endTrip({ tripId }));
    const none = await catchRefusal(api.rider("mallory").endTrip({ tripId: unknown }));
    expect(other.code).toBe(Code.NotFound);
    expect(other.rawMessage.replace(tripId, unknown)).toBe(none.rawMessage);
    expect((await api.rider().getTrip({ tripId })).trip?.status).toBe(TripStatus.ACTIVE);
  });

  it("refuses a malformed id", async () => {
    const refusal = await catchRefusal(api.rider().endTrip({ tripId: "42" }));
    expect(refusal.code).toBe(Code.InvalidArgument);
  });
});

import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { CancellationCause, TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { createLogger } from "@fanfare/service";
import { catchRefusal } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestApi, type TestApi } from "../../test/test-api.ts";
import { deliverStopRequests } from "../reconciler/deliver-stop-requests.ts";
import { accept, compensate, park, settle } from "../registry/transitions.ts";

const never = new AbortController().signal;
const logger = createLogger({ name: "cancel-trip-test", level: "silent" });

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
  api.workflows.drivenMs = 90_000;
});

async function startTrip(): Promise<{ tripId: string }> {
  const tripId = randomUUID();
  await api.freeRiders();
  await api.rider().startTrip({ tripId, vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" });
  return { tripId };
}

describe("CancelTrip", () => {
  it("returns the trip once it is compensated, and its reason to operators", async () => {
    const { tripId } = await startTrip();
    const { trip } = await api.rider().cancelTrip({ tripId, reason: "rain" });
    const cancelled = {
      status: TripStatus.CANCELLED,
      cancellationCause: CancellationCause.RIDER,
    };
    expect(trip).toMatchObject({ ...cancelled, reason: "you cancelled the trip" });
    const { trip: all } = await api.operator.getTrip({ tripId });
    expect(all).toMatchObject({ ...cancelled, reason: "rain" });
  });

  it("is refused after the grace, although the workflow has not noticed, and records nothing", async () => {
    api.workflows.drivenMs = 120_000;
    const trip = await startTrip();
    for (const caller of [api.rider(), api.operator]) {
      expect(await catchRefusal(caller.cancelTrip(trip))).toMatchObject({
        code: Code.FailedPrecondition,
        rawMessage: `trip ${trip.tripId} is ACTIVE and its cancellation grace of 120 s is over: end the trip instead`,
      });
    }
    expect(api.workflows.calls).toBe(0);
    const row = await api.registry.find(trip.tripId);
    expect(row).toMatchObject({ status: "ACTIVE", stop_kind: null, decision: null });
    const { entries } = await api.operatorLog().list({ subject: trip.tripId });
    expect(entries).toEqual([]);
    expect((await api.rider().endTrip(trip)).trip?.status).toBe(TripStatus.ENDED);
  });

  it("holds when it was recorded within the grace, however late the workflow asks", async () => {
    const trip = await startTrip();
    api.workflows.override = { kind: "timed-out" };
    await api.rider().cancelTrip({ ...trip, reason: "rain" });
    const hourMs = 3_600_000;
    await api.registry.record(trip.tripId, (row) => ({
      started_at: new Date(Number(row.started_at) - hourMs),
      stop_requested_at: new Date(Number(row.stop_requested_at) - hourMs),
    }));
    const decided = await api.saga.endGrace({ tripId: trip.tripId, version: 4n });
    expect(decided).toMatchObject({ cancelReason: "rain" });
    expect(decided.trip?.cancelRequestedAt).toBeDefined();
    expect(decided.remaining).toBeUndefined();
  });

  it("names the caller when no reason is given", async () => {
    const byOperator = await api.operator.cancelTrip(await startTrip());
    expect(byOperator.trip?.reason).toBe("cancelled by an operator");
    const trip = await startTrip();
    await api.rider().cancelTrip(trip);
    const byRider = await api.operator.getTrip(trip);
    expect(byRider.trip?.reason).toBe("cancelled by its rider");
  });

  it("returns the same when it is repeated, without calling the workflow again", async () => {
    const trip = await startTrip();
    const first = await api.rider().cancelTrip({ ...trip, reason: "rain" });
    const second = await api.rider().cancelTrip({ ...trip, reason: "snow" });
    expect(second).toEqual(first);
    expect(api.workflows.calls).toBe(1);
  });

  it("cancels a REQUESTED trip without Temporal, and no workflow can accept it afterwards", async () => {
    api.workflows.override = { kind: "unavailable", cause: new Error("no server") };
    const { tripId } = await startTrip();
    const { trip } = await api.rider().cancelTrip({ tripId });
    expect(trip?.status).toBe(TripStatus.CANCELLED);
    expect(api.workflows.calls).toBe(0);
    await expect(api.registry.record(tripId, accept())).rejects.toThrow("is CANCELLED");
  });

  it("returns a trip whose compensation is parked as NEEDS_ATTENTION", async () => {
    const { tripId } = await startTrip();
    await api.registry.record(
      tripId,
      park({ version: 9n, step: "open-tab", reason: "unavailable" }),
    );
    const { trip } = await api.rider().cancelTrip({ tripId });
    expect(trip).toMatchObject({
      status: TripStatus.NEEDS_ATTENTION,
      reason: expect.stringContaining("an operator attends to the trip"),
    });
  });

  it("is refused once the drive has ended, and once the trip is settled", async () => {
    const trip = await startTrip();
    await api.rider().endTrip(trip);
    const ended = await catchRefusal(api.rider().cancelTrip(trip));
    expect(ended.code).toBe(Code.FailedPrecondition);
    expect(ended.rawMessage).toContain("is ENDED");
    await api.registry.record(trip.tripId, settle({ minorUnits: 160n, currency: "EUR" }));
    const settled = await catchRefusal(api.rider().cancelTrip(trip));
    expect(settled.code).toBe(Code.FailedPrecondition);
    expect(settled.rawMessage).toMatch(/is SETTLED.*Ask the operator/);
    expect((await api.rider().getTrip(trip)).trip?.status).toBe(TripStatus.SETTLED);
  });

  it("is refused when the workflow refuses it, with the workflow's reason for operators", async () => {
    const trip = await startTrip();
    api.workflows.override = { kind: "refused", reason: "capture: declined" };
    expect(await catchRefusal(api.rider().cancelTrip(trip))).toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: expect.stringMatching(/is ACTIVE: it can no longer be cancelled/),
    });
    expect(await catchRefusal(api.operator.cancelTrip(trip))).toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: "capture: declined",
    });
  });

  it("returns a trip whose compensation takes longer than the call may as COMPENSATING", async () => {
    const trip = await startTrip();
    await api.registry.record(trip.tripId, compensate({ version: 9n, reason: "rain" }));
    api.workflows.override = { kind: "not-running" };
    const { trip: compensating } = await api.rider().cancelTrip(trip);
    expect(compensating?.status).toBe(TripStatus.COMPENSATING);
  });

  it("records the request when Temporal is unavailable or too slow, and the reconciler delivers it", async () => {
    const request = await startTrip();
    api.workflows.override = { kind: "unavailable", cause: new Error("no server") };
    const { trip: asked } = await api.rider().cancelTrip({ ...request, reason: "rain" });
    expect(asked).toMatchObject({
      status: TripStatus.ACTIVE,
      cancelRequestedAt: expect.anything(),
    });
    api.workflows.override = { kind: "timed-out" };
    expect((await api.rider().cancelTrip(request)).trip).toEqual(asked);
    api.workflows.override = undefined;
    await sql`update trips set stop_deliver_at = now() where trip_id = ${request.tripId}`.execute(
      api.db,
    );
    await deliverStopRequests(never, { ...api, logger }, { batchSize: 10 });
    const { trip: cancelled } = await api.rider().getTrip(request);
    expect(cancelled).toMatchObject({
      status: TripStatus.CANCELLED,
      cancellationCause: CancellationCause.RIDER,
    });
  });

  it("is refused while the end of the drive is parked", async () => {
    const trip = await startTrip();
    api.workflows.override = { kind: "timed-out" };
    await api.rider().endTrip(trip);
    const parked = { version: 9n, step: "complete-drive", reason: "no" };
    await api.registry.record(trip.tripId, park(parked));
    for (const caller of [api.rider(), api.operator]) {
      const refusal = await catchRefusal(caller.cancelTrip(trip));
      expect(refusal.code).toBe(Code.FailedPrecondition);
      expect(refusal.rawMessage).toContain("its drive has ended and waits for an operator");
    }
  });

  it("is refused once the end was requested", async () => {
    const trip = await startTrip();
    api.workflows.override = { kind: "timed-out" };
    await api.rider().endTrip(trip);
    const refusal = await catchRefusal(api.rider().cancelTrip(trip));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    expect(refusal.rawMessage).toContain("the end of its drive was requested");
  });

  it("throws not_found for an unknown trip and for the trip of another rider, and changes neither", async () => {
    const { tripId } = await startTrip();
    const other = await catchRefusal(api.rider("mallory").cancelTrip({ tripId }));
    expect(other.code).toBe(Code.NotFound);
    const none = await catchRefusal(api.rider().cancelTrip({ tripId: randomUUID() }));
    expect(none.code).toBe(Code.NotFound);
    expect((await api.rider().getTrip({ tripId })).trip?.status).toBe(TripStatus.ACTIVE);
  });

  it("refuses a reason that is too long", async () => {
    const trip = await startTrip();
    const refusal = await catchRefusal(
      api.rider().cancelTrip({ ...trip, reason: "x".repeat(201) }),
    );
    expect(refusal.code).toBe(Code.InvalidArgument);
    expect((await api.rider().getTrip(trip)).trip?.status).toBe(TripStatus.ACTIVE);
  });
});

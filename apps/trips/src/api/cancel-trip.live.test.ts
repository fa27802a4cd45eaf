import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { refusalOf } from "../../test/refusal.ts";
import { type Edge, openEdge } from "../../test/test-api.ts";
import { accept, compensate, park, settle } from "../registry/transitions.ts";

let edge: Edge;
beforeAll(async () => {
  edge = await openEdge();
});
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
});
beforeEach(() => {
  edge.workflows.instead = undefined;
  edge.workflows.asked = 0;
});

async function started(): Promise<{ tripId: string }> {
  const tripId = randomUUID();
  await edge.rider().startTrip({ tripId, vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" });
  return { tripId };
}

describe("CancelTrip", () => {
  it("answers the trip once it is compensated, with the reason", async () => {
    const { tripId } = await started();
    const { trip } = await edge.rider().cancelTrip({ tripId, reason: "rain" });
    expect(trip).toMatchObject({ status: TripStatus.CANCELLED, reason: "rain" });
  });

  it("says who cancelled when no reason is given", async () => {
    const byOperator = await edge.operator.cancelTrip(await started());
    expect(byOperator.trip?.reason).toBe("cancelled by an operator");
    const byRider = await edge.rider().cancelTrip(await started());
    expect(byRider.trip?.reason).toBe("cancelled by its rider");
  });

  it("answers the same when it is repeated, and asks no more", async () => {
    const trip = await started();
    const first = await edge.rider().cancelTrip({ ...trip, reason: "rain" });
    const second = await edge.rider().cancelTrip({ ...trip, reason: "snow" });
    expect(second).toEqual(first);
    expect(edge.workflows.asked).toBe(1);
  });

  it("cancels a trip that was not taken up without Temporal, and it cannot be taken up", async () => {
    edge.workflows.instead = { kind: "away", cause: new Error("no server") };
    const { tripId } = await started();
    const { trip } = await edge.rider().cancelTrip({ tripId });
    expect(trip?.status).toBe(TripStatus.CANCELLED);
    expect(edge.workflows.asked).toBe(0);
    await expect(edge.registry.record(tripId, accept())).rejects.toThrow("is CANCELLED");
  });

  it("answers a trip whose compensation is parked as it is", async () => {
    const { tripId } = await started();
    await edge.registry.record(tripId, park({ version: 9n, step: "open-tab", reason: "away" }));
    const { trip } = await edge.rider().cancelTrip({ tripId });
    expect(trip).toMatchObject({ status: TripStatus.NEEDS_ATTENTION, reason: "open-tab: away" });
  });

  it("is refused once the drive has ended, and once the trip is settled", async () => {
    const trip = await started();
    await edge.rider().endTrip(trip);
    const ended = await refusalOf(edge.rider().cancelTrip(trip));
    expect(ended?.code).toBe(Code.FailedPrecondition);
    expect(ended?.sentence).toContain("is ENDED");
    await edge.registry.record(trip.tripId, settle({ minorUnits: 250n, currency: "EUR" }));
    const settled = await refusalOf(edge.rider().cancelTrip(trip));
    expect(settled?.code).toBe(Code.FailedPrecondition);
    expect(settled?.sentence).toMatch(/is SETTLED.*Ask the operator/);
    expect((await edge.rider().getTrip(trip)).trip?.status).toBe(TripStatus.SETTLED);
  });

  it("says what the workflow says when it refuses", async () => {
    const trip = await started();
    edge.workflows.instead = { kind: "refused", reason: "the drive has ended" };
    expect(await refusalOf(edge.rider().cancelTrip(trip))).toEqual({
      code: Code.FailedPrecondition,
      sentence: "the drive has ended",
    });
  });

  it("says to call again when its workflow was ended in the middle of the compensation", async () => {
    const trip = await started();
    await edge.registry.record(trip.tripId, compensate({ version: 9n, reason: "rain" }));
    edge.workflows.instead = { kind: "gone" };
    const refusal = await refusalOf(edge.rider().cancelTrip(trip));
    expect(refusal?.code).toBe(Code.Unavailable);
    expect(refusal?.sentence).toContain("call again soon");
  });

  it("says to call again when Temporal is away, or takes longer than the call may", async () => {
    const trip = await started();
    edge.workflows.instead = { kind: "away", cause: new Error("no server") };
    expect((await refusalOf(edge.rider().cancelTrip(trip)))?.code).toBe(Code.Unavailable);
    edge.workflows.instead = { kind: "late" };
    expect((await refusalOf(edge.rider().cancelTrip(trip)))?.code).toBe(Code.DeadlineExceeded);
  });

  it("finds no unknown trip, and no other rider's, and touches neither", async () => {
    const { tripId } = await started();
    const other = await refusalOf(edge.rider("mallory").cancelTrip({ tripId }));
    expect(other?.code).toBe(Code.NotFound);
    const none = await refusalOf(edge.rider().cancelTrip({ tripId: randomUUID() }));
    expect(none?.code).toBe(Code.NotFound);
    expect((await edge.rider().getTrip({ tripId })).trip?.status).toBe(TripStatus.ACTIVE);
  });

  it("refuses a reason that is too long", async () => {
    const trip = await started();
    const refusal = await refusalOf(edge.rider().cancelTrip({ ...trip, reason: "x".repeat(201) }));
    expect(refusal?.code).toBe(Code.InvalidArgument);
    expect((await edge.rider().getTrip(trip)).trip?.status).toBe(TripStatus.ACTIVE);
  });
});

import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { refusalOf } from "../../test/refusal.ts";
import { type Edge, openEdge } from "../../test/test-api.ts";

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

describe("EndTrip", () => {
  it("answers the end and the fare of the drive", async () => {
    const { trip } = await edge.rider().endTrip(await started());
    expect(trip?.status).toBe(TripStatus.ENDED);
    expect(trip?.fare).toMatchObject({ minorUnits: 150n, currency: "EUR" });
  });

  it("answers the same when it is repeated, and asks no more", async () => {
    const trip = await started();
    const first = await edge.rider().endTrip(trip);
    const second = await edge.rider().endTrip(trip);
    expect(second).toEqual(first);
    expect(edge.workflows.asked).toBe(1);
  });

  it("is refused before the trip is ACTIVE", async () => {
    edge.workflows.instead = { kind: "late" };
    const refusal = await refusalOf(edge.rider().endTrip(await started()));
    expect(refusal?.code).toBe(Code.FailedPrecondition);
    expect(refusal?.sentence).toContain("its drive has not begun");
    expect(edge.workflows.asked).toBe(0);
  });

  it("is refused for a cancelled trip", async () => {
    const trip = await started();
    await edge.rider().cancelTrip(trip);
    const refusal = await refusalOf(edge.rider().endTrip(trip));
    expect(refusal?.code).toBe(Code.FailedPrecondition);
    expect(refusal?.sentence).toContain("there is no drive to end");
  });

  it("says what the workflow says when it refuses", async () => {
    const trip = await started();
    edge.workflows.instead = { kind: "refused", reason: "the trip is cancelled: rain" };
    expect(await refusalOf(edge.rider().endTrip(trip))).toEqual({
      code: Code.FailedPrecondition,
      sentence: "the trip is cancelled: rain",
    });
  });

  it("says to call again when the workflow is not there yet", async () => {
    const trip = await started();
    edge.workflows.instead = { kind: "early", reason: "wait for StartTrip to answer" };
    expect(await refusalOf(edge.rider().endTrip(trip))).toEqual({
      code: Code.Unavailable,
      sentence: "wait for StartTrip to answer",
    });
  });

  it("says to call again when Temporal is away, or takes longer than the call may", async () => {
    const trip = await started();
    edge.workflows.instead = { kind: "away", cause: new Error("no server") };
    expect((await refusalOf(edge.rider().endTrip(trip)))?.code).toBe(Code.Unavailable);
    edge.workflows.instead = { kind: "late" };
    expect((await refusalOf(edge.rider().endTrip(trip)))?.code).toBe(Code.DeadlineExceeded);
    edge.workflows.instead = undefined;
    expect((await edge.rider().endTrip(trip)).trip?.status).toBe(TripStatus.ENDED);
  });

  it("finds no unknown trip, and no other rider's, in the same words", async () => {
    const { tripId } = await started();
    const unknown = randomUUID();
    const other = await refusalOf(edge.rider("mallory").endTrip({ tripId }));
    const none = await refusalOf(edge.rider("mallory").endTrip({ tripId: unknown }));
    expect(other?.code).toBe(Code.NotFound);
    expect(other?.sentence.replace(tripId, unknown)).toBe(none?.sentence);
    expect((await edge.rider().getTrip({ tripId })).trip?.status).toBe(TripStatus.ACTIVE);
  });

  it("refuses an id that is none", async () => {
    const refusal = await refusalOf(edge.rider().endTrip({ tripId: "42" }));
    expect(refusal?.code).toBe(Code.InvalidArgument);
  });
});

import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { refusalOf } from "../../test/refusal.ts";
import { type Edge, openEdge } from "../../test/test-api.ts";
import { park } from "../registry/transitions.ts";

let edge: Edge;
beforeAll(async () => {
  edge = await openEdge();
});
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
});
beforeEach(() => {
  edge.workflows.instead = undefined;
});

/** parked is a trip whose capture was declined. */
async function parked(): Promise<{ tripId: string }> {
  const tripId = randomUUID();
  await edge.rider().startTrip({ tripId, vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" });
  await edge.rider().endTrip({ tripId });
  await edge.registry.record(tripId, park({ version: 9n, step: "capture", reason: "declined" }));
  edge.workflows.parked = ["capture"];
  return { tripId };
}

/** decisionsOn are the decisions in the trip's recorded changes, in their order. */
async function decisionsOn(tripId: string): Promise<string[]> {
  const changes = await edge.registry.changesSince([{ tripId, version: 0n }]);
  return changes.map(({ decision }) => decision).filter((decision) => decision !== "");
}

describe("RetryTrip", () => {
  it("takes up what is parked, and records who decided so", async () => {
    const { tripId } = await parked();
    const { trip, steps } = await edge.operator.retryTrip({ tripId });
    expect(steps).toEqual(["capture"]);
    expect(trip?.decision).toBe("otto retried capture");
    expect(await decisionsOn(tripId)).toEqual(["otto retried capture"]);
  });

  it("records nothing when nothing is parked, or the workflow is over", async () => {
    const { tripId } = await parked();
    edge.workflows.parked = [];
    const none = await refusalOf(edge.operator.retryTrip({ tripId }));
    expect(none).toEqual({ code: Code.FailedPrecondition, sentence: "nothing waits" });
    edge.workflows.instead = { kind: "gone" };
    const over = await refusalOf(edge.operator.retryTrip({ tripId }));
    expect(over?.code).toBe(Code.FailedPrecondition);
    edge.workflows.instead = { kind: "away", cause: new Error("no server") };
    expect((await refusalOf(edge.operator.retryTrip({ tripId })))?.code).toBe(Code.Unavailable);
    expect(await decisionsOn(tripId)).toEqual([]);
  });

  it("finds no unknown trip", async () => {
    const none = await refusalOf(edge.operator.retryTrip({ tripId: randomUUID() }));
    expect(none?.code).toBe(Code.NotFound);
  });
});

describe("ResolveTrip", () => {
  it("goes on without one parked step, and records the note", async () => {
    const { tripId } = await parked();
    edge.workflows.parked = ["release-vehicle", "capture"];
    const request = { tripId, step: "capture", note: "paid in cash" };
    const { trip, steps } = await edge.operator.resolveTrip(request);
    expect(steps).toEqual(["capture"]);
    expect(trip?.decision).toBe("otto resolved capture: paid in cash");
    expect(edge.workflows.parked).toEqual(["release-vehicle"]);
  });

  it("needs a note", async () => {
    const { tripId } = await parked();
    const refusal = await refusalOf(edge.operator.resolveTrip({ tripId }));
    expect(refusal?.code).toBe(Code.InvalidArgument);
  });
});

describe("a rider", () => {
  it("decides nothing", async () => {
    const { tripId } = await parked();
    const retried = await refusalOf(edge.rider().retryTrip({ tripId }));
    const resolved = await refusalOf(edge.rider().resolveTrip({ tripId, note: "let me" }));
    expect([retried?.code, resolved?.code]).toEqual([Code.PermissionDenied, Code.PermissionDenied]);
    expect((await edge.rider().getTrip({ tripId })).trip?.status).toBe(TripStatus.NEEDS_ATTENTION);
  });
});

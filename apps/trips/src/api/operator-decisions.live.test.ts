import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { catchRefusal } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestApi, type TestApi } from "../../test/test-api.ts";
import { park } from "../registry/transitions.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});
beforeEach(() => {
  api.workflows.override = undefined;
});

/** Creates a trip whose capture is parked. */
async function parkTrip(): Promise<{ tripId: string }> {
  const tripId = randomUUID();
  await api.rider().startTrip({ tripId, vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" });
  await api.rider().endTrip({ tripId });
  await api.registry.record(tripId, park({ version: 9n, step: "capture", reason: "declined" }));
  api.workflows.parked = ["capture"];
  return { tripId };
}

/** Returns the decisions in the recorded changes of the trip, in order. */
async function readDecisions(tripId: string): Promise<string[]> {
  const changes = await api.registry.changesSince([{ tripId, version: 0n }]);
  return changes.map(({ decision }) => decision).filter((decision) => decision !== "");
}

describe("RetryTrip", () => {
  it("retries the parked step, and records who decided", async () => {
    const { tripId } = await parkTrip();
    const { trip, steps } = await api.operator.retryTrip({ tripId });
    expect(steps).toEqual(["capture"]);
    expect(trip?.decision).toBe("otto retried capture");
    expect(await readDecisions(tripId)).toEqual(["otto retried capture"]);
  });

  it("records nothing when no step is parked, or the workflow has closed", async () => {
    const { tripId } = await parkTrip();
    api.workflows.parked = [];
    const none = await catchRefusal(api.operator.retryTrip({ tripId }));
    expect(none).toMatchObject({ code: Code.FailedPrecondition, rawMessage: "no step is parked" });
    api.workflows.override = { kind: "not-running" };
    const over = await catchRefusal(api.operator.retryTrip({ tripId }));
    expect(over.code).toBe(Code.FailedPrecondition);
    api.workflows.override = { kind: "unavailable", cause: new Error("no server") };
    expect((await catchRefusal(api.operator.retryTrip({ tripId }))).code).toBe(Code.Unavailable);
    expect(await readDecisions(tripId)).toEqual([]);
  });

  it("throws not_found for an unknown trip", async () => {
    const none = await catchRefusal(api.operator.retryTrip({ tripId: randomUUID() }));
    expect(none.code).toBe(Code.NotFound);
  });
});

describe("ResolveTrip", () => {
  it("resolves one parked step, and records the note", async () => {
    const { tripId } = await parkTrip();
    api.workflows.parked = ["release-vehicle", "capture"];
    const request = { tripId, step: "capture", note: "paid in cash" };
    const { trip, steps } = await api.operator.resolveTrip(request);
    expect(steps).toEqual(["capture"]);
    expect(trip?.decision).toBe("otto resolved capture: paid in cash");
    expect(api.workflows.parked).toEqual(["release-vehicle"]);
  });

  it("requires a note", async () => {
    const { tripId } = await parkTrip();
    const refusal = await catchRefusal(api.operator.resolveTrip({ tripId }));
    expect(refusal.code).toBe(Code.InvalidArgument);
  });
});

describe("a rider", () => {
  it("may not decide", async () => {
    const { tripId } = await parkTrip();
    const retried = await catchRefusal(api.rider().retryTrip({ tripId }));
    const resolved = await catchRefusal(api.rider().resolveTrip({ tripId, note: "let me" }));
    expect([retried.code, resolved.code]).toEqual([Code.PermissionDenied, Code.PermissionDenied]);
    expect((await api.rider().getTrip({ tripId })).trip?.status).toBe(TripStatus.NEEDS_ATTENTION);
  });
});

import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { ActionSchema } from "@fanfare/contracts/operators/v1/operators";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { catchRefusal, withIdempotencyKey } from "@fanfare/test-fixtures";
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
  api.workflows.decisionReply = undefined;
});

async function startTrip(): Promise<{ tripId: string }> {
  const tripId = randomUUID();
  await api.freeRiders();
  await api.rider().startTrip({ tripId, vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" });
  return { tripId };
}

/** Creates a trip whose capture is parked. */
async function parkTrip(): Promise<{ tripId: string }> {
  const { tripId } = await startTrip();
  await api.rider().endTrip({ tripId });
  await api.registry.record(tripId, park({ version: 9n, step: "capture", reason: "declined" }));
  api.workflows.parked = ["capture"];
  return { tripId };
}

/** Returns what the operator log has of the trip: who decided what and why, the newest first. */
async function readLog(tripId: string): Promise<string[]> {
  const { entries } = await api.operatorLog().list({ subject: tripId });
  return entries.map(({ operator, action, details, reason }) =>
    [operator, ActionSchema.value[action]?.localName, details, reason].join(" | "),
  );
}

/** Returns the trip before and after each decision in the operator log, the newest first. */
async function readStates(tripId: string): Promise<unknown[]> {
  const { entries } = await api.operatorLog().list({ subject: tripId });
  return entries.map(({ before, after }) => ({
    before: before?.state.value,
    after: after?.state.value,
  }));
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
    expect(await readLog(tripId)).toEqual(["otto | RETRY_TRIP | capture | "]);
  });

  it("records nothing when no step is parked, or the workflow has closed", async () => {
    const { tripId } = await parkTrip();
    api.workflows.parked = [];
    const none = await catchRefusal(api.operator.retryTrip({ tripId }));
    expect(none.code).toBe(Code.FailedPrecondition);
    expect(none.rawMessage).toContain("has no parked step");
    api.workflows.override = { kind: "not-running" };
    const over = await catchRefusal(api.operator.retryTrip({ tripId }));
    expect(over.code).toBe(Code.FailedPrecondition);
    api.workflows.override = { kind: "unavailable", cause: new Error("no server") };
    expect((await catchRefusal(api.operator.retryTrip({ tripId }))).code).toBe(Code.Unavailable);
    expect(await readDecisions(tripId)).toEqual([]);
    expect(await readLog(tripId)).toEqual([]);
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

  it("keeps who decided what when the answer is lost, and decides once under one key", async () => {
    const { tripId } = await parkTrip();
    const request = { tripId, note: "paid in cash" };
    const key = withIdempotencyKey(`decision/${tripId}`);
    for (const kind of ["timed-out", "not-running"] as const) {
      api.workflows.decisionReply = { kind };
      await api.operator.resolveTrip(request, key).catch(() => undefined);
      const { trip } = await api.operator.getTrip({ tripId });
      expect(trip?.decision).toBe("otto resolved capture: paid in cash");
    }
    api.workflows.decisionReply = undefined;
    for (const again of [
      await api.operator.resolveTrip(request, key),
      await api.operator.resolveTrip(request, key),
    ]) {
      expect(again.steps).toEqual(["capture"]);
    }
    expect(await readLog(tripId)).toEqual(["otto | RESOLVE_TRIP | capture | paid in cash"]);
    const other = await catchRefusal(api.operator.resolveTrip({ tripId, note: "no" }, key));
    expect(other.code).toBe(Code.AlreadyExists);
  });

  it("logs the trip before and after the decision, whatever becomes of its workflow", async () => {
    const { tripId } = await parkTrip();
    const { version = 0n } = (await api.operator.getTrip({ tripId })).trip ?? {};
    await api.operator.retryTrip({ tripId });
    api.workflows.parked = ["capture"];
    api.workflows.decisionReply = { kind: "not-running" };
    await catchRefusal(api.operator.resolveTrip({ tripId, note: "paid in cash" }));
    const parked = { status: TripStatus.NEEDS_ATTENTION, reason: "capture: declined" };
    const [before, retried, resolved] = [
      { ...parked, version, decision: "" },
      { ...parked, version: version + 1n, decision: "otto retried capture" },
      { ...parked, version: version + 2n, decision: "otto resolved capture: paid in cash" },
    ];
    expect(await readStates(tripId)).toMatchObject([
      { before: retried, after: resolved },
      { before, after: retried },
    ]);
  });

  it("refuses the key of a decision on another step", async () => {
    const { tripId } = await parkTrip();
    api.workflows.parked = ["release-vehicle", "capture"];
    const key = withIdempotencyKey(`decision/${tripId}`);
    await api.operator.resolveTrip({ tripId, step: "capture", note: "paid" }, key);
    const request = { tripId, step: "release-vehicle", note: "paid" };
    const other = await catchRefusal(api.operator.resolveTrip(request, key));
    expect(other.code).toBe(Code.AlreadyExists);
    expect(api.workflows.parked).toEqual(["release-vehicle"]);
  });

  it("records that the saga refused the decision", async () => {
    const { tripId } = await parkTrip();
    api.workflows.decisionReply = { kind: "refused", reason: "it can only be retried" };
    const refusal = await catchRefusal(api.operator.resolveTrip({ tripId, note: "paid" }));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    const { trip } = await api.operator.getTrip({ tripId });
    expect(trip?.decision).toBe("otto resolved capture: paid (refused: it can only be retried)");
    expect(await readLog(tripId)).toHaveLength(1);
  });

  it("requires a note", async () => {
    const { tripId } = await parkTrip();
    const refusal = await catchRefusal(api.operator.resolveTrip({ tripId }));
    expect(refusal.code).toBe(Code.InvalidArgument);
  });
});

describe("CancelTrip of an operator", () => {
  it("records who cancelled the trip and why, whatever the workflow does", async () => {
    for (const kind of ["timed-out", "not-running"] as const) {
      const { tripId } = await startTrip();
      api.workflows.override = { kind };
      for (let call = 1; call <= 2; call++) {
        const { trip } = await api.operator.cancelTrip({ tripId, reason: "stolen" });
        expect(trip?.decision).toBe("otto cancelled: stolen");
      }
      expect(await readLog(tripId)).toEqual(["otto | CANCEL_TRIP |  | stolen"]);
      api.workflows.override = undefined;
    }
  });

  it("records who cancelled a trip that has no workflow yet", async () => {
    api.workflows.override = { kind: "unavailable", cause: new Error("no server") };
    const { tripId } = await startTrip();
    await api.operator.cancelTrip({ tripId, reason: "stolen" });
    const { trip } = await api.operator.getTrip({ tripId });
    expect(trip).toMatchObject({
      status: TripStatus.CANCELLED,
      decision: "otto cancelled: stolen",
    });
    expect(await readStates(tripId)).toMatchObject([
      {
        before: { status: TripStatus.REQUESTED, version: 1n, decision: "" },
        after: {
          status: TripStatus.CANCELLED,
          version: 2n,
          reason: "stolen",
          decision: "otto cancelled: stolen",
        },
      },
    ]);
  });

  it("records nothing when the drive has ended", async () => {
    const { tripId } = await parkTrip();
    await catchRefusal(api.operator.cancelTrip({ tripId }));
    expect(await readLog(tripId)).toEqual([]);
  });
});

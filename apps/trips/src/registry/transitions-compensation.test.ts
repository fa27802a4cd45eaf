import { describe, expect, it } from "vitest";
import { applyToAll } from "../../test/apply-to-all.ts";
import { createTripRow, now, olderRows, tripRows } from "../../test/trip-rows.ts";
import { cancel, compensate, park, resume } from "./transitions.ts";

const refusal = {
  code: "failed_precondition",
  message: "the card was declined",
  step: "open-tab",
};

describe("compensate()", () => {
  it("compensates a trip that has not ended, and does not change a cancelled one", () => {
    expect(applyToAll(compensate({ version: 9n, reason: "no" }))).toEqual({
      requested: "COMPENSATING",
      pending: "COMPENSATING",
      active: "COMPENSATING",
      graceOver: "COMPENSATING",
      endRequested: "COMPENSATING",
      cancelRequested: "COMPENSATING",
      ended: "refused",
      settled: "refused",
      compensating: "COMPENSATING",
      cancelled: "-",
      compensationParked: "COMPENSATING",
      endParked: "COMPENSATING",
      captureParked: "refused",
    });
  });

  it("is refused to a workflow without its answer once the drive has begun, unless it was cancelled in time", () => {
    const recovery = compensate({ version: 9n, reason: "no", unlessDriving: true });
    expect(applyToAll(recovery)).toMatchObject({
      requested: "COMPENSATING",
      pending: "COMPENSATING",
      active: "refused",
      graceOver: "refused",
      endRequested: "refused",
      cancelRequested: "COMPENSATING",
      endParked: "refused",
      compensationParked: "COMPENSATING",
    });
    expect(recovery(tripRows.pending, now)).toMatchObject({ reason: "no" });
    expect(recovery(tripRows.cancelRequested, now)).toMatchObject({ reason: "rain" });
    // A compensation that began before goes on.
    const begun = createTripRow({ ...tripRows.endRequested, compensation_reason: "no" });
    expect(recovery(begun, now)).toMatchObject({ status: "COMPENSATING" });
  });

  it("changes nothing after a later record of the compensation", () => {
    expect(
      compensate({ version: 4n, reason: "no" })(tripRows.compensationParked, now),
    ).toBeUndefined();
    expect(compensate({ version: 4n, reason: "no" })(tripRows.compensating, now)).toBeUndefined();
  });
});

describe("park()", () => {
  const parked = { version: 9n, step: "open-tab", reason: "billing is unavailable" };

  it("does not change the status of SETTLED and CANCELLED trips", () => {
    expect(applyToAll(park(parked))).toEqual({
      requested: "NEEDS_ATTENTION",
      pending: "NEEDS_ATTENTION",
      active: "NEEDS_ATTENTION",
      graceOver: "NEEDS_ATTENTION",
      endRequested: "NEEDS_ATTENTION",
      cancelRequested: "NEEDS_ATTENTION",
      ended: "NEEDS_ATTENTION",
      settled: "SETTLED",
      compensating: "NEEDS_ATTENTION",
      cancelled: "-",
      compensationParked: "NEEDS_ATTENTION",
      endParked: "NEEDS_ATTENTION",
      captureParked: "NEEDS_ATTENTION",
    });
  });

  it("records the parked step and the reason", () => {
    expect(park(parked)(tripRows.compensating, now)?.reason).toBe(
      "open-tab: billing is unavailable",
    );
  });

  it("changes nothing after a later record of the compensation", () => {
    expect(park({ ...parked, version: 5n })(tripRows.compensationParked, now)).toBeUndefined();
  });
});

describe("resume()", () => {
  it("makes a parked trip ENDED again, and keeps a settled one SETTLED", () => {
    expect(applyToAll(resume({ version: 9n }))).toEqual({
      requested: "refused",
      pending: "refused",
      active: "undefined",
      graceOver: "undefined",
      endRequested: "undefined",
      cancelRequested: "undefined",
      ended: "undefined",
      settled: "undefined",
      compensating: "refused",
      cancelled: "refused",
      compensationParked: "refused",
      endParked: "ACTIVE",
      captureParked: "ENDED",
    });
  });

  it("makes a trip ACTIVE again when its end is not recorded", () => {
    expect(resume({ version: 9n })(tripRows.endParked, now)).toEqual({
      status: "ACTIVE",
      reason: null,
      compensation_version: 9n,
      // Its rider may have started another trip meanwhile.
      occupies_rider: false,
    });
  });

  it("changes nothing after the trip was parked again, and makes an earlier parking stale", () => {
    expect(resume({ version: 6n })(tripRows.captureParked, now)).toBeUndefined();
    const resumed = createTripRow({ ...tripRows.ended, compensation_version: "9" });
    expect(park({ version: 8n, step: "capture", reason: "no" })(resumed, now)).toBeUndefined();
  });
});

describe("cancel()", () => {
  it("cancels every trip that has not ended", () => {
    expect(applyToAll(cancel("no"))).toEqual({
      requested: "CANCELLED",
      pending: "CANCELLED",
      active: "CANCELLED",
      graceOver: "CANCELLED",
      endRequested: "CANCELLED",
      cancelRequested: "CANCELLED",
      ended: "refused",
      settled: "refused",
      compensating: "CANCELLED",
      cancelled: "-",
      compensationParked: "CANCELLED",
      endParked: "CANCELLED",
      captureParked: "refused",
    });
  });

  it("stores the refusal for StartTrip", () => {
    expect(cancel("declined", refusal)(tripRows.pending, now)).toEqual({
      status: "CANCELLED",
      reason: "declined",
      compensation_reason: "declined",
      refusal_code: "failed_precondition",
      refusal_message: "the card was declined",
      refusal_step: "open-tab",
    });
  });

  it("keeps the reason with which the compensation began", () => {
    expect(
      compensate({ version: 9n, reason: "declined", refusal })(tripRows.pending, now),
    ).toMatchObject({ compensation_reason: "declined", refusal_step: "open-tab" });
    const compensating = createTripRow({ compensation_reason: "declined" });
    const kept = { reason: "declined", compensation_reason: "declined" };
    expect(cancel("its workflow was reset")(compensating, now)).toEqual({
      status: "CANCELLED",
      ...kept,
    });
    for (const reason of ["terminated", "declined"]) {
      const recorded = compensate({ version: 10n, reason })(compensating, now);
      expect(recorded).toMatchObject(kept);
      expect(recorded).not.toHaveProperty("refusal_code");
    }
    const { compensating: older } = olderRows;
    expect(compensate({ version: 10n, reason: "terminated" })(older, now)).toMatchObject({
      reason: "no",
      compensation_reason: "no",
    });
  });

  it("records the refusal of the first cause that is stated at the end, and no other", () => {
    const compensating = createTripRow({ compensation_reason: "declined" });
    expect(cancel("declined", refusal)(compensating, now)).toMatchObject({
      refusal_code: "failed_precondition",
      refusal_step: "open-tab",
    });
    expect(cancel("terminated", refusal)(compensating, now)).not.toHaveProperty("refusal_code");
  });

  it("keeps the reason with which the compensation began while it is parked", () => {
    expect(cancel("another")(tripRows.compensationParked, now)).toMatchObject({ reason: "no" });
  });
});

describe("the steps that operators have resolved", () => {
  const resolvedSteps = ["charge-fare", "capture"];

  it("are added to those that were recorded before", () => {
    const trip = createTripRow({ ...tripRows.captureParked, resolved_steps: ["charge-fare"] });
    const resolved = { resolved_steps: ["charge-fare", "capture"] };
    expect(resume({ version: 9n, resolvedSteps })(trip, now)).toMatchObject(resolved);
    const parked = { version: 9n, step: "settle", reason: "no", resolvedSteps };
    expect(park(parked)(trip, now)).toMatchObject(resolved);
  });

  it("change nothing when they are recorded", () => {
    const trip = createTripRow({ ...tripRows.captureParked, resolved_steps: resolvedSteps });
    expect(resume({ version: 9n, resolvedSteps })(trip, now)).not.toHaveProperty("resolved_steps");
  });
});

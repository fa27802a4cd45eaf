import { describe, expect, it } from "vitest";
import { applyToAll } from "../../test/apply-to-all.ts";
import { createTripRow, tripRows } from "../../test/trip-rows.ts";
import { cancel, compensate, park, resume, withdraw } from "./transitions.ts";

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
      ended: "refused",
      settled: "refused",
      compensating: "COMPENSATING",
      cancelled: "-",
      compensationParked: "COMPENSATING",
      captureParked: "refused",
    });
  });

  it("changes nothing after a later record of the compensation", () => {
    expect(compensate({ version: 4n, reason: "no" })(tripRows.compensationParked)).toBeUndefined();
    expect(compensate({ version: 4n, reason: "no" })(tripRows.compensating)).toBeUndefined();
  });
});

describe("park()", () => {
  const parked = { version: 9n, step: "open-tab", reason: "billing is unavailable" };

  it("does not change the status of SETTLED and CANCELLED trips", () => {
    expect(applyToAll(park(parked))).toEqual({
      requested: "NEEDS_ATTENTION",
      pending: "NEEDS_ATTENTION",
      active: "NEEDS_ATTENTION",
      ended: "NEEDS_ATTENTION",
      settled: "SETTLED",
      compensating: "NEEDS_ATTENTION",
      cancelled: "-",
      compensationParked: "NEEDS_ATTENTION",
      captureParked: "NEEDS_ATTENTION",
    });
  });

  it("records the parked step and the reason", () => {
    expect(park(parked)(tripRows.compensating)?.reason).toBe("open-tab: billing is unavailable");
  });

  it("changes nothing after a later record of the compensation", () => {
    expect(park({ ...parked, version: 5n })(tripRows.compensationParked)).toBeUndefined();
  });
});

describe("resume()", () => {
  it("makes a parked trip ENDED again, and keeps a settled one SETTLED", () => {
    expect(applyToAll(resume({ version: 9n }))).toEqual({
      requested: "refused",
      pending: "refused",
      active: "undefined",
      ended: "undefined",
      settled: "undefined",
      compensating: "refused",
      cancelled: "refused",
      compensationParked: "refused",
      captureParked: "ENDED",
    });
  });

  it("makes a trip ACTIVE again when its end is not recorded", () => {
    const trip = createTripRow({ ...tripRows.active, status: "NEEDS_ATTENTION", reason: "no" });
    expect(resume({ version: 9n })(trip)).toEqual({
      status: "ACTIVE",
      reason: null,
      compensation_version: 9n,
    });
  });

  it("changes nothing after the trip was parked again, and makes an earlier parking stale", () => {
    expect(resume({ version: 6n })(tripRows.captureParked)).toBeUndefined();
    const resumed = createTripRow({ ...tripRows.ended, compensation_version: "9" });
    expect(park({ version: 8n, step: "capture", reason: "no" })(resumed)).toBeUndefined();
  });
});

describe("cancel()", () => {
  it("cancels every trip that has not ended", () => {
    expect(applyToAll(cancel("no"))).toEqual({
      requested: "CANCELLED",
      pending: "CANCELLED",
      active: "CANCELLED",
      ended: "refused",
      settled: "refused",
      compensating: "CANCELLED",
      cancelled: "-",
      compensationParked: "CANCELLED",
      captureParked: "refused",
    });
  });

  it("stores the refusal for StartTrip", () => {
    expect(cancel("declined", refusal)(tripRows.pending)).toEqual({
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
      compensate({ version: 9n, reason: "declined", refusal })(tripRows.pending),
    ).toMatchObject({ compensation_reason: "declined", refusal_step: "open-tab" });
    const compensating = createTripRow({ compensation_reason: "declined" });
    expect(cancel("its workflow was reset")(compensating)).toEqual({
      status: "CANCELLED",
      reason: "declined",
    });
    expect(compensate({ version: 10n, reason: "terminated" })(compensating)).toMatchObject({
      reason: "declined",
    });
  });

  it("keeps the reason with which the compensation began while it is parked", () => {
    expect(cancel("another")(tripRows.compensationParked)).toMatchObject({ reason: "no" });
  });
});

describe("the steps that operators have resolved", () => {
  const resolvedSteps = ["charge-fare", "capture"];

  it("are added to those that were recorded before", () => {
    const trip = createTripRow({ ...tripRows.captureParked, resolved_steps: ["charge-fare"] });
    const resolved = { resolved_steps: ["charge-fare", "capture"] };
    expect(resume({ version: 9n, resolvedSteps })(trip)).toMatchObject(resolved);
    const parked = { version: 9n, step: "settle", reason: "no", resolvedSteps };
    expect(park(parked)(trip)).toMatchObject(resolved);
  });

  it("change nothing when they are recorded", () => {
    const trip = createTripRow({ ...tripRows.captureParked, resolved_steps: resolvedSteps });
    expect(resume({ version: 9n, resolvedSteps })(trip)).not.toHaveProperty("resolved_steps");
  });
});

describe("withdraw()", () => {
  it("cancels a trip that no workflow has accepted, and no other", () => {
    expect(applyToAll(withdraw("changed my mind"))).toEqual({
      requested: "CANCELLED",
      pending: "-",
      active: "-",
      ended: "-",
      settled: "-",
      compensating: "-",
      cancelled: "-",
      compensationParked: "-",
      captureParked: "-",
    });
  });
});

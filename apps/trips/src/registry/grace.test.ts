import { describe, expect, it } from "vitest";
import { applyToAll } from "../../test/apply-to-all.ts";
import { now, tripRows } from "../../test/trip-rows.ts";
import { endGrace, getRemainingGraceMs, stopTrip } from "./grace.ts";

const recorded = "undefined";
const inGrace = new Date("2026-05-01T10:01:05.000Z");

describe("getRemainingGraceMs()", () => {
  it("returns what is left by the clock of the database", () => {
    expect(getRemainingGraceMs(tripRows.pending, now)).toBe(120_000);
    expect(getRemainingGraceMs(tripRows.active, inGrace)).toBe(60_000);
    expect(getRemainingGraceMs(tripRows.active, now)).toBe(0);
    expect(getRemainingGraceMs(tripRows.graceOver, inGrace)).toBe(0);
  });
});

describe("endGrace()", () => {
  it("records that the grace is over, unless the trip was cancelled within it", () => {
    expect(applyToAll(endGrace())).toEqual({
      requested: "refused",
      pending: "refused",
      active: recorded,
      graceOver: "-",
      endRequested: recorded,
      cancelRequested: "-",
      ended: recorded,
      settled: recorded,
      compensating: "-",
      cancelled: "-",
      compensationParked: "-",
      endParked: recorded,
      captureParked: recorded,
    });
  });

  it("records nothing while some of the grace is left, unless the end was requested", () => {
    expect(endGrace()(tripRows.active, inGrace)).toBeUndefined();
    expect(endGrace()(tripRows.active, now)).toEqual({ grace_ended_at: now });
    expect(endGrace()(tripRows.endRequested, inGrace)).toEqual({ grace_ended_at: inGrace });
  });
});

describe("stopTrip()", () => {
  const stop = stopTrip("cancelled in Temporal");

  it("records the first request of a trip whose drive has not ended", () => {
    expect(applyToAll(stop)).toEqual({
      requested: recorded,
      pending: recorded,
      active: recorded,
      graceOver: recorded,
      endRequested: "-",
      cancelRequested: "-",
      ended: "-",
      settled: "-",
      compensating: "-",
      cancelled: "-",
      compensationParked: "-",
      endParked: "-",
      captureParked: "-",
    });
  });

  it("cancels the trip within its grace, and ends its drive now after that", () => {
    const cancelled = { stop_kind: "CANCEL", stop_reason: "cancelled in Temporal" };
    expect(stop(tripRows.pending, now)).toMatchObject(cancelled);
    expect(stop(tripRows.active, inGrace)).toMatchObject(cancelled);
    const ended = { stop_kind: "END", stop_requested_at: now };
    expect(stop(tripRows.active, now)).toEqual(ended);
    expect(stop(tripRows.graceOver, now)).toEqual(ended);
  });
});

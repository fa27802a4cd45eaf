import { launchTariff } from "@fanfare/trip-contract";
import { describe, expect, it } from "vitest";
import { applyToAll } from "../../test/apply-to-all.ts";
import { now, tripRows } from "../../test/trip-rows.ts";
import { limitDrive, requestCancel, requestEnd } from "./stop-requests.ts";

/** The last moment at which the drive of the test may be cancelled: 2 min after 10:00:05, less 1 ms. */
const inGrace = new Date("2026-05-01T10:02:04.999Z");

/** A transition that records a stop request leaves the status. */
const recorded = "undefined";

describe("requestEnd()", () => {
  it("records the first request of an ACTIVE trip, unless its cancellation came first", () => {
    expect(applyToAll(requestEnd())).toEqual({
      requested: "refused",
      pending: "refused",
      active: recorded,
      graceOver: recorded,
      endRequested: "-",
      cancelRequested: "refused",
      ended: "-",
      settled: "-",
      compensating: "refused",
      cancelled: "refused",
      compensationParked: "refused",
      endParked: "-",
      captureParked: "-",
    });
  });

  it("records the time of the database, which is never before the start", () => {
    expect(requestEnd()(tripRows.active, now)).toEqual({
      stop_kind: "END",
      stop_requested_at: now,
      stop_deliver_at: new Date(now.getTime() + 2_000),
    });
    const before = new Date("2026-05-01T10:00:04.999Z");
    expect(requestEnd()(tripRows.active, before)).toMatchObject({
      stop_requested_at: tripRows.active.started_at,
    });
  });

  it("records the operator who ends the drive on behalf of the rider, and why", () => {
    const request = requestEnd({ operator: "otto", reason: "the car was left" });
    expect(request(tripRows.active, now)).toMatchObject({
      stop_kind: "END",
      stop_requested_at: now,
      stop_operator: "otto",
      stop_reason: "the car was left",
      decision: "otto ended the drive: the car was left",
    });
  });

  it("states why there is no drive to end", () => {
    const end = requestEnd();
    expect(() => end(tripRows.pending, now)).toThrow("is PENDING: its drive has not begun");
    expect(() => end(tripRows.cancelled, now)).toThrow("is CANCELLED: there is no drive to end");
    expect(() => end(tripRows.cancelRequested, now)).toThrow("is ACTIVE and was cancelled before");
  });
});

describe("limitDrive()", () => {
  it("records the end of the longest drive, unless a request came first", () => {
    expect(applyToAll(limitDrive(now))).toEqual({
      requested: "refused",
      pending: "refused",
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

  it("records a time that is neither in the future nor before the start", () => {
    const inTime = new Date("2026-05-01T10:20:00.000Z");
    expect(limitDrive(inTime)(tripRows.active, now)).toEqual({
      stop_kind: "END",
      stop_requested_at: inTime,
    });
    expect(
      limitDrive(new Date("2026-05-01T11:00:00.000Z"))(tripRows.active, now)?.stop_requested_at,
    ).toEqual(now);
    expect(limitDrive(new Date(0))(tripRows.active, now)?.stop_requested_at).toEqual(
      tripRows.active.started_at,
    );
  });
});

describe("requestCancel()", () => {
  it("records the first request of a trip whose drive has not ended, and cancels one without a workflow", () => {
    expect(applyToAll(requestCancel({ reason: "rain" }))).toEqual({
      requested: "CANCELLED",
      pending: recorded,
      active: "refused",
      graceOver: "refused",
      endRequested: "refused",
      cancelRequested: "-",
      ended: "refused",
      settled: "refused",
      compensating: "-",
      cancelled: "-",
      compensationParked: "-",
      endParked: "refused",
      captureParked: "refused",
    });
  });

  it("refuses a cancellation after the grace, by the clock of the database", () => {
    const cancel = requestCancel({ reason: "rain" });
    expect(cancel(tripRows.active, inGrace)).toMatchObject({ stop_requested_at: inGrace });
    const over = new Date(inGrace.getTime() + 1);
    expect(() => cancel(tripRows.active, over)).toThrow(
      "is ACTIVE and its cancellation grace of 120 s is over: end the trip instead",
    );
    // The clock is set back after the registry has decided.
    expect(() => cancel(tripRows.graceOver, inGrace)).toThrow("end the trip instead");
    const tariff = { ...launchTariff, graceMs: 600_000 };
    expect(cancel({ ...tripRows.active, tariff }, over)).toMatchObject({ stop_kind: "CANCEL" });
  });

  it("cancels a trip without a grace until its drive begins", () => {
    const tariff = { ...launchTariff, graceMs: 0 };
    const cancel = requestCancel({ reason: "rain" });
    expect(cancel({ ...tripRows.pending, tariff }, now)).toMatchObject({ stop_kind: "CANCEL" });
    const active = { ...tripRows.active, tariff };
    expect(() => cancel(active, tripRows.active.started_at ?? now)).toThrow("end the trip instead");
  });

  it("records the reason, and the operator who cancels on behalf of the rider", () => {
    expect(requestCancel({ reason: "rain" })(tripRows.active, inGrace)).toMatchObject({
      cancelled_by: "RIDER",
      stop_operator: null,
    });
    const request = requestCancel({ reason: "rain", operator: "otto" });
    expect(request(tripRows.active, inGrace)).toMatchObject({
      stop_kind: "CANCEL",
      stop_requested_at: inGrace,
      stop_reason: "rain",
      stop_operator: "otto",
      cancelled_by: "OPERATOR",
      decision: "otto cancelled: rain",
    });
  });

  it("states why the trip can no longer be cancelled", () => {
    const cancel = requestCancel({ reason: "rain" });
    expect(() => cancel(tripRows.settled, now)).toThrow(
      /is SETTLED, its drive has ended.*Ask the operator/,
    );
    expect(() => cancel(tripRows.endRequested, now)).toThrow("the end of its drive was requested");
    expect(() => cancel(tripRows.endParked, now)).toThrow(
      "its drive has ended and waits for an operator:",
    );
  });
});

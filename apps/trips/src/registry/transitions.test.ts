import { describe, expect, it } from "vitest";
import { applyToAll } from "../../test/apply-to-all.ts";
import { createTripRow, now, tripRows } from "../../test/trip-rows.ts";
import {
  accept,
  activate,
  completeDrive,
  park,
  recordBroadcast,
  recordDelay,
  settle,
} from "./transitions.ts";

const at = new Date("2026-05-01T10:03:30.000Z");
const paid = { minorUnits: 400n, currency: "EUR" };

describe("accept()", () => {
  it("accepts a requested trip, and refuses one that is being compensated", () => {
    expect(applyToAll(accept())).toEqual({
      requested: "PENDING",
      pending: "-",
      active: "-",
      graceOver: "-",
      endRequested: "-",
      cancelRequested: "-",
      ended: "-",
      settled: "-",
      compensating: "refused",
      cancelled: "refused",
      compensationParked: "refused",
      endParked: "-",
      captureParked: "-",
    });
  });
});

describe("activate()", () => {
  it("starts the drive of a pending trip, once", () => {
    expect(applyToAll(activate())).toEqual({
      requested: "refused",
      pending: "ACTIVE",
      active: "-",
      graceOver: "-",
      endRequested: "-",
      cancelRequested: "-",
      ended: "-",
      settled: "-",
      compensating: "refused",
      cancelled: "refused",
      compensationParked: "refused",
      endParked: "-",
      captureParked: "-",
    });
  });
});

describe("completeDrive()", () => {
  it("ends a drive that has begun, once", () => {
    expect(applyToAll(completeDrive(at))).toEqual({
      requested: "refused",
      pending: "refused",
      active: "ENDED",
      graceOver: "ENDED",
      endRequested: "ENDED",
      cancelRequested: "ENDED",
      ended: "-",
      settled: "-",
      compensating: "refused",
      cancelled: "refused",
      compensationParked: "refused",
      endParked: "ENDED",
      captureParked: "-",
    });
  });

  it("calculates the fare from the recorded start", () => {
    expect(completeDrive(at)(tripRows.active, now)).toEqual({
      status: "ENDED",
      ended_at: at,
      fare: 120,
      currency: "EUR",
    });
  });

  it("ends the drive at the recorded request, whatever the saga sends", () => {
    for (const trip of [tripRows.endRequested, tripRows.endParked]) {
      expect(completeDrive(now)(trip, now)).toEqual({
        status: "ENDED",
        ended_at: trip.stop_requested_at,
        fare: 300,
        currency: "EUR",
      });
    }
  });

  it("never ends a drive in the future", () => {
    const future = new Date(now.getTime() + 3_600_000);
    expect(completeDrive(future)(tripRows.active, now)).toMatchObject({ ended_at: now });
  });

  it("never ends a drive before it began", () => {
    const before = new Date("2026-05-01T09:59:00.000Z");
    expect(completeDrive(before)(tripRows.active, now)).toMatchObject({
      ended_at: tripRows.active.started_at,
      fare: 0,
    });
  });
});

/** Creates a trip whose drive has ended and that is parked at `step`. */
function createParkedTrip(step: string) {
  const { reason = "" } = park({ version: 9n, step, reason: "no" })(tripRows.ended, now) ?? {};
  return { ...tripRows.ended, status: "NEEDS_ATTENTION", reason } as const;
}

describe("settle()", () => {
  it("settles a trip whose drive has ended, even a parked one", () => {
    expect(applyToAll(settle(paid))).toEqual({
      requested: "refused",
      pending: "refused",
      active: "refused",
      graceOver: "refused",
      endRequested: "refused",
      cancelRequested: "refused",
      ended: "SETTLED",
      settled: "-",
      compensating: "refused",
      cancelled: "refused",
      compensationParked: "refused",
      endParked: "refused",
      captureParked: "SETTLED",
    });
  });

  it("keeps the reason of a parked release, and clears that of a parked payment", () => {
    expect(settle(paid)(createParkedTrip("release-vehicle"), now)).toEqual({
      status: "SETTLED",
      settled: 400n,
    });
    expect(settle(paid)(createParkedTrip("capture"), now)).toEqual({
      status: "SETTLED",
      settled: 400n,
      reason: null,
    });
  });

  it("refuses a currency other than the fare's", () => {
    expect(() => settle({ minorUnits: 400n, currency: "SEK" })(tripRows.ended, now)).toThrow(
      /SETTLED in SEK: its fare is in EUR/,
    );
  });
});

describe("recordDelay()", () => {
  it("records the delayed step, and clears it", () => {
    expect(recordDelay({ version: 5n, step: "capture" })(tripRows.ended, now)?.delayed_step).toBe(
      "capture",
    );
    expect(recordDelay({ version: 6n, step: "" })(tripRows.ended, now)?.delayed_step).toBeNull();
  });

  it("changes nothing after a later record of a delay", () => {
    const trip = createTripRow({ ...tripRows.settled, delay_version: "6" });
    expect(recordDelay({ version: 5n, step: "capture" })(trip, now)).toBeUndefined();
    expect(recordDelay({ version: 6n, step: "capture" })(trip, now)).toBeUndefined();
  });

  it("does not affect a step that arrives after it", () => {
    const trip = createTripRow({ ...tripRows.ended, delayed_step: "settle", delay_version: "9" });
    expect(settle(paid)(trip, now)?.status).toBe("SETTLED");
  });
});

describe("recordBroadcast()", () => {
  it("accepts settled trips only", () => {
    expect(applyToAll(recordBroadcast({ state: "DELAYED", error: "no broker" }))).toEqual({
      requested: "refused",
      pending: "refused",
      active: "refused",
      graceOver: "refused",
      endRequested: "refused",
      cancelRequested: "refused",
      ended: "refused",
      settled: "undefined",
      compensating: "refused",
      cancelled: "refused",
      compensationParked: "refused",
      endParked: "refused",
      captureParked: "refused",
    });
  });

  it("keeps PUBLISHED", () => {
    const out = recordBroadcast({ state: "PUBLISHED", publishedAt: at })(tripRows.settled, now);
    expect(out).toEqual({ broadcast: "PUBLISHED", broadcast_error: null, published_at: at });
    const trip = createTripRow({ ...tripRows.settled, broadcast: "PUBLISHED", published_at: at });
    expect(recordBroadcast({ state: "DELAYED", error: "late" })(trip, now)).toBeUndefined();
  });
});

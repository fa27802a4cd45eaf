import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { createTripRow, tripRows } from "../../test/trip-rows.ts";
import {
  accept,
  activate,
  cancel,
  compensate,
  completeDrive,
  park,
  recordBroadcast,
  recordDelay,
  resume,
  settle,
  type Transition,
  withdraw,
} from "./transitions.ts";

type Name = keyof typeof tripRows;

const names: Name[] = [
  "requested",
  "pending",
  "active",
  "ended",
  "settled",
  "compensating",
  "cancelled",
  "compensationParked",
  "captureParked",
];
const at = new Date("2026-05-01T10:03:30.000Z");
const paid = { minorUnits: 400n, currency: "EUR" };

/** Applies a transition to a trip of each kind: a new status, "-" for no change, or "refused". */
function applyToAll(transition: Transition): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, apply(transition, name)]));
}

function apply(transition: Transition, name: Name): string {
  try {
    const patch = transition(tripRows[name]);
    return patch === undefined ? "-" : String(patch.status);
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    expect(code).toBe(Code.FailedPrecondition);
    expect(rawMessage).toContain(`is ${tripRows[name].status}`);
    return "refused";
  }
}

describe("accept()", () => {
  it("accepts a requested trip, and refuses one that is being compensated", () => {
    expect(applyToAll(accept())).toEqual({
      requested: "PENDING",
      pending: "-",
      active: "-",
      ended: "-",
      settled: "-",
      compensating: "refused",
      cancelled: "refused",
      compensationParked: "-",
      captureParked: "-",
    });
  });
});

describe("activate()", () => {
  it("starts the drive of a pending trip once", () => {
    expect(applyToAll(activate(at))).toEqual({
      requested: "refused",
      pending: "ACTIVE",
      active: "-",
      ended: "-",
      settled: "-",
      compensating: "refused",
      cancelled: "refused",
      compensationParked: "refused",
      captureParked: "-",
    });
  });
});

describe("completeDrive()", () => {
  it("ends a drive that has begun once", () => {
    expect(applyToAll(completeDrive(at))).toEqual({
      requested: "refused",
      pending: "refused",
      active: "ENDED",
      ended: "-",
      settled: "-",
      compensating: "refused",
      cancelled: "refused",
      compensationParked: "refused",
      captureParked: "-",
    });
  });

  it("calculates the fare from the recorded start", () => {
    expect(completeDrive(at)(tripRows.active)).toEqual({
      status: "ENDED",
      ended_at: at,
      fare: 120,
      currency: "EUR",
    });
  });

  it("never ends a drive before it began", () => {
    const before = new Date("2026-05-01T09:59:00.000Z");
    expect(completeDrive(before)(tripRows.active)).toMatchObject({
      ended_at: tripRows.active.started_at,
      fare: 0,
    });
  });
});

/** Creates a trip whose drive has ended and that is parked at `step`. */
function createParkedTrip(step: string) {
  const { reason = "" } = park({ version: 9n, step, reason: "no" })(tripRows.ended) ?? {};
  return { ...tripRows.ended, status: "NEEDS_ATTENTION", reason } as const;
}

describe("settle()", () => {
  it("settles a trip whose drive has ended, even a parked one", () => {
    expect(applyToAll(settle(paid))).toEqual({
      requested: "refused",
      pending: "refused",
      active: "refused",
      ended: "SETTLED",
      settled: "-",
      compensating: "refused",
      cancelled: "refused",
      compensationParked: "refused",
      captureParked: "SETTLED",
    });
  });

  it("keeps the reason of a parked release, and clears that of a parked payment", () => {
    expect(settle(paid)(createParkedTrip("release-vehicle"))).toEqual({
      status: "SETTLED",
      settled: 400n,
    });
    expect(settle(paid)(createParkedTrip("capture"))).toEqual({
      status: "SETTLED",
      settled: 400n,
      reason: null,
    });
  });

  it("refuses a currency other than the fare's", () => {
    expect(() => settle({ minorUnits: 400n, currency: "SEK" })(tripRows.ended)).toThrow(
      /SETTLED in SEK: its fare is in EUR/,
    );
  });
});

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
    const refusal = { code: "failed_precondition", message: "the card was declined" };
    expect(cancel("declined", refusal)(tripRows.compensating)).toEqual({
      status: "CANCELLED",
      reason: "declined",
      refusal_code: "failed_precondition",
      refusal_message: "the card was declined",
    });
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

describe("recordDelay()", () => {
  it("records the delayed step, and clears it", () => {
    expect(recordDelay({ version: 5n, step: "capture" })(tripRows.ended)?.delayed_step).toBe(
      "capture",
    );
    expect(recordDelay({ version: 6n, step: "" })(tripRows.ended)?.delayed_step).toBeNull();
  });

  it("changes nothing after a later record of a delay", () => {
    const trip = createTripRow({ ...tripRows.settled, delay_version: "6" });
    expect(recordDelay({ version: 5n, step: "capture" })(trip)).toBeUndefined();
    expect(recordDelay({ version: 6n, step: "capture" })(trip)).toBeUndefined();
  });

  it("does not affect a step that arrives after it", () => {
    const trip = createTripRow({ ...tripRows.ended, delayed_step: "settle", delay_version: "9" });
    expect(settle(paid)(trip)?.status).toBe("SETTLED");
  });
});

describe("recordBroadcast()", () => {
  it("accepts settled trips only", () => {
    expect(applyToAll(recordBroadcast({ state: "DELAYED", error: "no broker" }))).toEqual({
      requested: "refused",
      pending: "refused",
      active: "refused",
      ended: "refused",
      settled: "undefined",
      compensating: "refused",
      cancelled: "refused",
      compensationParked: "refused",
      captureParked: "refused",
    });
  });

  it("keeps PUBLISHED", () => {
    const out = recordBroadcast({ state: "PUBLISHED", publishedAt: at })(tripRows.settled);
    expect(out).toEqual({ broadcast: "PUBLISHED", broadcast_error: null, published_at: at });
    const trip = createTripRow({ ...tripRows.settled, broadcast: "PUBLISHED", published_at: at });
    expect(recordBroadcast({ state: "DELAYED", error: "late" })(trip)).toBeUndefined();
  });
});

import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { aTrip, trips } from "../../test/a-trip.ts";
import {
  accept,
  activate,
  broadcast,
  type Change,
  cancel,
  compensate,
  completeDrive,
  delay,
  park,
  resume,
  settle,
  withdraw,
} from "./transitions.ts";

type Name = keyof typeof trips;

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

/** outcomes says for each trip what a change makes of it: a status, nothing, or a refusal. */
function outcomes(change: Change): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, outcome(change, name)]));
}

function outcome(change: Change, name: Name): string {
  try {
    const patch = change(trips[name]);
    return patch === undefined ? "-" : String(patch.status);
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    expect(code).toBe(Code.FailedPrecondition);
    expect(rawMessage).toContain(`is ${trips[name].status}`);
    return "refused";
  }
}

describe("accept()", () => {
  it("takes up what is requested, and refuses what is being compensated", () => {
    expect(outcomes(accept())).toEqual({
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
  it("begins the drive of a pending trip, once", () => {
    expect(outcomes(activate(at))).toEqual({
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
  it("ends a drive that has begun, once", () => {
    expect(outcomes(completeDrive(at))).toEqual({
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

  it("computes the fare from the recorded beginning", () => {
    expect(completeDrive(at)(trips.active)).toEqual({
      status: "ENDED",
      ended_at: at,
      fare: 120,
      currency: "EUR",
    });
  });

  it("ends no drive before it began", () => {
    const before = new Date("2026-05-01T09:59:00.000Z");
    expect(completeDrive(before)(trips.active)).toMatchObject({
      ended_at: trips.active.started_at,
      fare: 0,
    });
  });
});

/** parkedAt is a trip whose drive has ended and that waits for an operator at this step. */
function parkedAt(step: string) {
  const { reason = "" } = park({ version: 9n, step, reason: "no" })(trips.ended) ?? {};
  return { ...trips.ended, status: "NEEDS_ATTENTION", reason } as const;
}

describe("settle()", () => {
  it("settles a trip whose drive has ended, also one that was parked", () => {
    expect(outcomes(settle(paid))).toEqual({
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

  it("keeps why the vehicle waits, and takes back why the payment did", () => {
    expect(settle(paid)(parkedAt("release-vehicle"))).toEqual({ status: "SETTLED", settled: 400n });
    expect(settle(paid)(parkedAt("capture"))).toEqual({
      status: "SETTLED",
      settled: 400n,
      reason: null,
    });
  });

  it("refuses another currency than the fare's", () => {
    expect(() => settle({ minorUnits: 400n, currency: "SEK" })(trips.ended)).toThrow(
      /SETTLED in SEK: its fare is in EUR/,
    );
  });
});

describe("compensate()", () => {
  it("compensates what has not ended, and leaves what is compensated", () => {
    expect(outcomes(compensate({ version: 9n, reason: "no" }))).toEqual({
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

  it("says nothing once a later record of the compensation was made", () => {
    expect(compensate({ version: 4n, reason: "no" })(trips.compensationParked)).toBeUndefined();
    expect(compensate({ version: 4n, reason: "no" })(trips.compensating)).toBeUndefined();
  });
});

describe("park()", () => {
  const parked = { version: 9n, step: "open-tab", reason: "billing is away" };

  it("keeps SETTLED and CANCELLED", () => {
    expect(outcomes(park(parked))).toEqual({
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

  it("says which step waits, and why", () => {
    expect(park(parked)(trips.compensating)?.reason).toBe("open-tab: billing is away");
  });

  it("says nothing once a later record of the compensation was made", () => {
    expect(park({ ...parked, version: 5n })(trips.compensationParked)).toBeUndefined();
  });
});

describe("resume()", () => {
  it("makes a trip that waited ENDED again, and leaves a settled one SETTLED", () => {
    expect(outcomes(resume({ version: 9n }))).toEqual({
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

  it("makes a trip ACTIVE again whose end was refused", () => {
    const trip = aTrip({ ...trips.active, status: "NEEDS_ATTENTION", reason: "no" });
    expect(resume({ version: 9n })(trip)).toEqual({
      status: "ACTIVE",
      reason: null,
      compensation_version: 9n,
    });
  });

  it("says nothing once it was parked again, and keeps a late parking from it", () => {
    expect(resume({ version: 6n })(trips.captureParked)).toBeUndefined();
    const resumed = aTrip({ ...trips.ended, compensation_version: "9" });
    expect(park({ version: 8n, step: "capture", reason: "no" })(resumed)).toBeUndefined();
  });
});

describe("cancel()", () => {
  it("cancels what has not ended, whatever came before", () => {
    expect(outcomes(cancel("no"))).toEqual({
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

  it("keeps the refusal for StartTrip", () => {
    const refusal = { code: "failed_precondition", message: "the card was declined" };
    expect(cancel("declined", refusal)(trips.compensating)).toEqual({
      status: "CANCELLED",
      reason: "declined",
      refusal_code: "failed_precondition",
      refusal_message: "the card was declined",
    });
  });
});

describe("withdraw()", () => {
  it("cancels what was not taken up, and nothing else", () => {
    expect(outcomes(withdraw("changed my mind"))).toEqual({
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

describe("delay()", () => {
  it("names the step that takes long, and forgets it", () => {
    expect(delay({ version: 5n, step: "capture" })(trips.ended)?.delayed_step).toBe("capture");
    expect(delay({ version: 6n, step: "" })(trips.ended)?.delayed_step).toBeNull();
  });

  it("says nothing once a later delay was recorded", () => {
    const trip = aTrip({ ...trips.settled, delay_version: "6" });
    expect(delay({ version: 5n, step: "capture" })(trip)).toBeUndefined();
    expect(delay({ version: 6n, step: "capture" })(trip)).toBeUndefined();
  });

  it("takes nothing from a step that arrives after it", () => {
    const trip = aTrip({ ...trips.ended, delayed_step: "settle", delay_version: "9" });
    expect(settle(paid)(trip)?.status).toBe("SETTLED");
  });
});

describe("broadcast()", () => {
  it("is of settled trips alone", () => {
    expect(outcomes(broadcast({ state: "DELAYED", error: "no broker" }))).toEqual({
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

  it("stays published", () => {
    const out = broadcast({ state: "PUBLISHED", publishedAt: at })(trips.settled);
    expect(out).toEqual({ broadcast: "PUBLISHED", broadcast_error: null, published_at: at });
    const trip = aTrip({ ...trips.settled, broadcast: "PUBLISHED", published_at: at });
    expect(broadcast({ state: "DELAYED", error: "late" })(trip)).toBeUndefined();
  });
});

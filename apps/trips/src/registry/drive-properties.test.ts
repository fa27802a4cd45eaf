import { checkGrace, checkMinutes } from "@fanfare/test-fixtures";
import type { Tariff } from "@fanfare/trip-contract";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTripRow } from "../../test/trip-rows.ts";
import { endGrace, stopTrip } from "./grace.ts";
import { limitDrive, requestCancel, requestEnd } from "./stop-requests.ts";
import type { TripRow } from "./tables.ts";
import { activate, cancel, compensate, completeDrive, type Transition } from "./transitions.ts";

const startedAt = new Date("2026-05-01T10:00:00.000Z");

const arbitraryTariff: fc.Arbitrary<Tariff> = fc
  .record({
    unlockFee: fc.nat(1_000),
    incrementPrice: fc.nat(500),
    incrementMs: fc.constantFrom(1, 7, 999, 1_000, 60_000, 3_600_000),
    maximumDriveMs: fc.integer({ min: 1, max: 86_400_000 }),
    graceMs: fc.nat(600_000),
  })
  .map((terms) => ({ id: "any", currency: "EUR", ...terms }));

/** What happens to an ACTIVE trip, with the clock of the database, which may be set back. */
const arbitraryEvent = fc.record({
  act: fc.constantFrom("cancel", "end", "grace", "stop", "limit", "recover"),
  afterMs: fc.oneof(fc.nat(1_200_000), fc.nat(100_000_000)),
});
type Act = "cancel" | "end" | "grace" | "stop" | "limit" | "recover";

function getTransition(act: Act, latest: Date): Transition {
  if (act === "cancel") return requestCancel({ reason: "rain" });
  if (act === "end") return requestEnd();
  if (act === "grace") return endGrace();
  if (act === "stop") return stopTrip("cancelled in Temporal");
  if (act === "limit") return limitDrive(latest);
  return compensate({ version: 9n, reason: "lost", unlessDriving: true });
}

/** Applies a transition. A refusal changes nothing. */
function apply(trip: TripRow, transition: Transition, now: Date): TripRow {
  try {
    return Object.assign({ ...trip }, transition(trip, now));
  } catch {
    return trip;
  }
}

const addMs = (ms: number) => new Date(startedAt.getTime() + ms);

/** Finishes a trip as its saga does: compensates what was cancelled, and completes any other drive. */
function finish(trip: TripRow, now: Date): TripRow {
  if (trip.stop_kind !== "CANCEL") return apply(trip, completeDrive(now), now);
  const compensating = apply(trip, compensate({ version: 10n, reason: "rain" }), now);
  return apply(compensating, cancel("rain"), now);
}

/** Returns the milliseconds between the start of the drive and a time. */
function since(time: Date | null): number | null {
  return time && time.getTime() - startedAt.getTime();
}

function readAccount(trip: TripRow) {
  return {
    tripId: trip.trip_id,
    status: trip.status,
    started: trip.started_at !== null,
    driveMs: since(trip.ended_at),
    requestedMs: trip.stop_kind === "END" ? since(trip.stop_requested_at) : null,
    cancelledMs: trip.stop_kind === "CANCEL" ? since(trip.stop_requested_at) : null,
    fare: trip.fare === null ? null : Number(trip.fare),
    tariff: trip.tariff,
  };
}

describe("M: for all tariffs, times and requests", () => {
  it("a drive is compensated if it was cancelled within its grace, and paid to its end otherwise", () => {
    const property = fc.property(
      arbitraryTariff,
      fc.array(arbitraryEvent, { maxLength: 8 }),
      fc.nat(100_000_000),
      (tariff, events, lastMs) => {
        const pending = createTripRow({ status: "PENDING", tariff });
        let trip = apply(pending, activate(), startedAt);
        const latest = addMs(tariff.maximumDriveMs);
        for (const { act, afterMs } of events) {
          trip = apply(trip, getTransition(act, latest), addMs(afterMs));
        }
        const account = readAccount(finish(trip, addMs(lastMs)));
        expect(account.status).toBeOneOf(["CANCELLED", "ENDED"]);
        checkMinutes(account);
        checkGrace(account);
      },
    );
    fc.assert(property, { numRuns: 2_000 });
  });
});

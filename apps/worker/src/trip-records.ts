import type { SagaOptions } from "@fanfare/saga";
import { steps } from "@fanfare/trip-contract";
import { patched } from "@temporalio/workflow";
import type { TripLedger } from "./trip-ledger.ts";
import { markTrip } from "./trip-marks.ts";
import { type TripState, undoneFor } from "./trip-state.ts";

type Hooks = Required<Pick<SagaOptions, "onUndoing" | "onParked" | "onDelayed">>;

/**
 * createTripRecords makes the hooks of a trip's saga: what it is going through is put into the ledger
 * and into the search attributes, beside the steps and their undos and never in their way.
 */
export function createTripRecords(ledger: TripLedger, trip: TripState): Hooks {
  let reason = "";
  let undoParked = false;
  let delayRecorded = false;

  async function compensating(): Promise<void> {
    markTrip("status", "COMPENSATING");
    await ledger.compensate(reason);
  }

  async function resumed(): Promise<void> {
    if (!patched("resume-in-ledger")) return;
    if (trip.settled !== undefined) markTrip("status", "SETTLED");
    else markTrip("status", trip.ended === undefined ? "ACTIVE" : "ENDED");
    await ledger.resume();
  }

  return {
    async onUndoing(cause) {
      reason = undoneFor(cause).reason;
      await compensating();
    },

    async onParked([parked]) {
      markTrip("attention", parked?.step);
      if (parked !== undefined) {
        undoParked = parked.undo;
        markTrip("status", "NEEDS_ATTENTION");
        await ledger.park(parked.step, parked.reason);
        if (parked.undo) trip.undone = { status: "NEEDS_ATTENTION", reason: parked.reason };
      } else if (trip.undone !== undefined) {
        delete trip.undone;
        await compensating();
      } else if (!undoParked) {
        await resumed();
      }
    },

    async onDelayed(delayed) {
      markTrip("delayed", delayed[0]);
      // The ledger keeps the broadcast apart from the steps before it.
      const step = delayed.find((name) => name !== steps.publish);
      if (step === undefined && !delayRecorded) return;
      delayRecorded = true;
      await ledger.delay(step ?? "");
    },
  };
}

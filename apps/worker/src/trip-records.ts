import type { SagaOptions } from "@fanfare/saga";
import { steps } from "@fanfare/trip-contract";
import { patched } from "@temporalio/workflow";
import { markTrip } from "./trip-marks.ts";
import type { TripRegistry } from "./trip-registry.ts";
import { describeCompensation, type TripState } from "./trip-state.ts";

type Hooks = Required<Pick<SagaOptions, "onCompensating" | "onParked" | "onDelayed">>;

/**
 * createTripRecords makes the hooks of a trip's saga: what it is going through is put into the registry
 * and into the search attributes, beside the steps and their compensations and never in their way.
 */
export function createTripRecords(registry: TripRegistry, trip: TripState): Hooks {
  let reason = "";
  let compensationParked = false;
  let delayRecorded = false;

  async function compensating(): Promise<void> {
    markTrip("status", "COMPENSATING");
    await registry.compensate(reason);
  }

  async function resumed(): Promise<void> {
    if (!patched("resume-in-registry")) return;
    if (trip.settled !== undefined) markTrip("status", "SETTLED");
    else markTrip("status", trip.ended === undefined ? "ACTIVE" : "ENDED");
    await registry.resume();
  }

  return {
    async onCompensating(cause) {
      reason = describeCompensation(cause).reason;
      await compensating();
    },

    async onParked([parked]) {
      markTrip("attention", parked?.step);
      if (parked !== undefined) {
        compensationParked = parked.compensation;
        markTrip("status", "NEEDS_ATTENTION");
        await registry.park(parked.step, parked.reason);
        if (parked.compensation)
          trip.compensated = { status: "NEEDS_ATTENTION", reason: parked.reason };
      } else if (trip.compensated !== undefined) {
        delete trip.compensated;
        await compensating();
      } else if (!compensationParked) {
        await resumed();
      }
    },

    async onDelayed(delayed) {
      markTrip("delayed", delayed[0]);
      // The registry keeps the broadcast apart from the steps before it.
      const step = delayed.find((name) => name !== steps.publish);
      if (step === undefined && !delayRecorded) return;
      delayRecorded = true;
      await registry.delay(step ?? "");
    },
  };
}

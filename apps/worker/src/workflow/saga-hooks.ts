import type { SagaOptions } from "@fanfare/saga";
import { steps } from "@fanfare/trip-contract";
import type { Cancellation } from "../trip-activities.ts";
import { describeCompensation } from "./describe-compensation.ts";
import { setTripAttribute } from "./set-trip-attribute.ts";
import type { TripRecorder } from "./trip-recorder.ts";
import type { TripState } from "./trip-state.ts";

type Hooks = Required<Pick<SagaOptions, "onCompensating" | "onParked" | "onDelayed">>;

/**
 * Creates the hooks of a trip's saga. They copy the state of the saga to the registry and to the search
 * attributes. No step and no compensation waits for them.
 */
export function createSagaHooks(recorder: TripRecorder, state: TripState): Hooks {
  let cancellation: Cancellation = { reason: "" };
  let compensationParked = false;
  let delayRecorded = false;

  async function recordCompensating(): Promise<void> {
    setTripAttribute("status", "COMPENSATING");
    await recorder.recordCompensating(cancellation);
  }

  async function recordResumed(): Promise<void> {
    if (state.settled !== undefined) setTripAttribute("status", "SETTLED");
    else setTripAttribute("status", state.completedDrive === undefined ? "ACTIVE" : "ENDED");
    await recorder.recordResumed();
  }

  return {
    async onCompensating(cause) {
      const { status: _, ...described } = describeCompensation(cause);
      cancellation = described;
      await recordCompensating();
    },

    async onParked([parked]) {
      setTripAttribute("attention", parked?.step);
      if (parked !== undefined) {
        compensationParked = parked.compensation;
        setTripAttribute("status", "NEEDS_ATTENTION");
        await recorder.recordParked(parked.step, parked.reason);
        if (parked.compensation)
          state.compensated = { status: "NEEDS_ATTENTION", reason: parked.reason };
      } else if (state.compensated !== undefined) {
        delete state.compensated;
        await recordCompensating();
      } else if (!compensationParked) {
        await recordResumed();
      }
    },

    async onDelayed(delayed) {
      setTripAttribute("delayed", delayed[0]);
      // The registry has a record of its own for a delayed broadcast.
      const step = delayed.find((name) => name !== steps.publish);
      if (step === undefined && !delayRecorded) return;
      delayRecorded = true;
      await recorder.recordDelay(step ?? "");
    },
  };
}

import type { CompensationCause, Saga } from "@fanfare/saga";
import { compensationSuffix, type TripTimings } from "@fanfare/trip-contract";
import { isCancellation } from "@temporalio/workflow";
import type { TripCall } from "../trip-activities.ts";
import type { RecoveryPlan } from "./plan-recovery.ts";
import { setTripAttribute } from "./set-trip-attribute.ts";
import {
  type LocalActivities,
  type OrdinaryActivities,
  type Tries,
  type TripCalls,
  withoutEnd,
} from "./trip-calls.ts";

interface TripStep<T> {
  readonly tries: Tries;
  /** Makes the call of the step. */
  readonly run: (activities: OrdinaryActivities | LocalActivities, call: TripCall) => Promise<T>;
  /** The trip's status once the step is done, if the step changes it. */
  readonly status?: string;
}

/** A step before the pivot: retried for `stepTimeoutMs`, then the trip is compensated. */
export interface CompensatableStep extends TripStep<void> {
  /** Compensates the step: retried for `compensationTimeoutMs`, then parked. */
  readonly compensate: (
    activities: OrdinaryActivities,
    call: TripCall,
    cause: CompensationCause,
  ) => Promise<void>;
}

/** A step after the pivot: retried without end, and parked when it is refused. */
export interface RetriableStep<T> extends TripStep<T> {
  /** Returns the result of a step that an operator resolved. Absent: it can only be retried. */
  readonly resolved?: () => T;
}

/** The two kinds of steps that call activities. A drive and a publication are steps of their own kind. */
export interface TripSteps {
  readonly compensatable: (name: string, step: CompensatableStep) => Promise<void>;
  readonly retriable: <T>(name: string, step: RetriableStep<T>) => Promise<T>;
}

/** Dependencies of `createTripSteps`. */
export interface TripStepsDeps {
  readonly saga: Saga;
  readonly calls: TripCalls;
  readonly tripId: string;
  readonly timings: TripTimings;
  /** Set when the trip is recovered. No step before the pivot is called then. */
  readonly recovery: RecoveryPlan | undefined;
}

/** Creates the steps of a trip. */
export function createTripSteps(deps: TripStepsDeps): TripSteps {
  const { saga, calls, tripId, timings, recovery } = deps;
  const untilStepTimeout = { timeoutMs: timings.stepTimeoutMs };
  const untilParked = { timeoutMs: timings.compensationTimeoutMs };

  return {
    async compensatable(name, { tries, run, compensate, status }) {
      if (recovery?.kind === "settle") return;
      const call = { step: name, tripId };
      const compensation = {
        compensate: (cause: CompensationCause) => {
          const activities = calls.activities(`${name}${compensationSuffix}`, untilParked);
          return compensate(activities, call, cause);
        },
      };
      if (recovery?.kind === "compensate") return await registerOnly(saga, name, compensation);
      await saga.step(name, {
        ...calls.create(name, { tries, retry: untilStepTimeout }, (to) => run(to, call)),
        ...compensation,
      });
      if (status !== undefined) setTripAttribute("status", status);
    },

    async retriable(name, { tries, run, status, resolved }) {
      const call = { step: name, tripId };
      const result = await saga.step(name, {
        ...calls.create(name, { tries, retry: withoutEnd }, (to) => run(to, call)),
        delayedAfterMs: timings.delayedAfterMs,
        ...(resolved === undefined ? {} : { resolved }),
      });
      if (status !== undefined) setTripAttribute("status", status);
      return result;
    },
  };
}

/** Registers a compensation without calling its step. A cancellation does not keep it from that. */
async function registerOnly(
  saga: Saga,
  name: string,
  compensation: { readonly compensate: (cause: CompensationCause) => Promise<void> },
): Promise<void> {
  try {
    await saga.step(name, { run: () => Promise.resolve(), ...compensation });
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
}

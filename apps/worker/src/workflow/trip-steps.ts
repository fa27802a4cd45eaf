import { type CompensationCause, findRefusal, type Saga, type StepCall } from "@fanfare/saga";
import { type Amount, compensationSuffix, type TripTimings } from "@fanfare/trip-contract";
import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  workflowInfo,
} from "@temporalio/workflow";
import { resolvedFailureType, type TripCall, type TripRecord } from "../trip-activities.ts";
import type { RecoveryPlan } from "./plan-recovery.ts";
import { setTripAttribute } from "./set-trip-attribute.ts";
import {
  type LocalActivities,
  type OrdinaryActivities,
  type Tries,
  type TripCalls,
  withoutEnd,
} from "./trip-calls.ts";
import type { TripState } from "./trip-state.ts";

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
  /** Returns the result of the step when the trip is SETTLED. Absent: it is called. */
  readonly settled?: (settled: Amount) => T;
}

/** The two kinds of steps that call activities. A drive and a publication are steps of their own kind. */
export interface TripSteps {
  readonly compensatable: (name: string, step: CompensatableStep) => Promise<void>;
  readonly retriable: <T>(name: string, step: RetriableStep<T>) => Promise<T>;
  /** Throws the failure of the first compensatable step that failed without a refusal. */
  readonly throwFailure: () => void;
}

/** Dependencies of `createTripSteps`. */
export interface TripStepsDeps {
  readonly saga: Saga;
  readonly calls: TripCalls;
  readonly tripId: string;
  readonly timings: TripTimings;
  readonly state: TripState;
  /** Set when the trip is recovered. No step before the drive is called then. */
  readonly recovery: RecoveryPlan | undefined;
}

/** Creates the steps of a trip. */
export function createTripSteps(deps: TripStepsDeps): TripSteps {
  const { saga, calls, tripId, timings, state, recovery } = deps;
  const { originalExecutionRunId: firstRunId } = workflowInfo();
  let failure: { readonly error: unknown } | undefined;
  const findPast = () =>
    failure !== undefined || isPast(state.record) ? { value: undefined } : undefined;
  const untilStepTimeout = { timeoutMs: timings.stepTimeoutMs };
  const untilParked = { timeoutMs: timings.compensationTimeoutMs };

  return {
    async compensatable(name, { tries, run, compensate, status }) {
      const call = { step: name, tripId, firstRunId };
      const compensated = {
        async compensate(cause: CompensationCause) {
          const activityId = `${name}${compensationSuffix}`;
          if (state.record?.resolvedSteps.includes(activityId)) return;
          await unlessResolved(
            () => compensate(calls.activities(activityId, untilParked), call, cause),
            () => undefined,
          );
        },
      };
      if (recovery?.kind === "compensate") return await registerOnly(saga, name, compensated);
      const made = calls.create(name, { tries, retry: untilStepTimeout }, (to) => run(to, call));
      try {
        await saga.step(name, { ...callUnlessRecorded(made, findPast), ...compensated });
      } catch (error) {
        // The run before a reset, or a workflow task whose end was lost with its local activities, may have
        // made later steps: their compensations are registered, too. Neither got past a refusal.
        if (state.record === undefined && findRefusal(error) !== undefined) throw error;
        failure ??= { error };
      }
      if (status !== undefined && failure === undefined) setTripAttribute("status", status);
    },

    async retriable(name, { tries, run, status, resolved, settled }) {
      const call = { step: name, tripId, firstRunId };
      const made = calls.create(name, { tries, retry: withoutEnd }, (to) => run(to, call));
      const findResult = () => {
        const { record } = state;
        if (resolved && record?.resolvedSteps.includes(name)) return { value: resolved() };
        return settled && record?.settled && { value: settled(record.settled) };
      };
      const result = await saga.step(name, {
        ...callUnlessRecorded(
          resolved ? replaceCalls(made, (make) => () => unlessResolved(make, resolved)) : made,
          findResult,
        ),
        delayedAfterMs: timings.delayedAfterMs,
        ...(resolved === undefined ? {} : { resolved }),
      });
      if (status !== undefined) setTripAttribute("status", status);
      return result;
    },

    throwFailure() {
      if (failure !== undefined) throw failure.error;
    },
  };
}

/** Makes a call, or returns `resolved()` when it is refused because an operator has resolved its step. */
async function unlessResolved<T>(call: () => Promise<T>, resolved: () => T): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : undefined;
    const isResolved = cause instanceof ApplicationFailure && cause.type === resolvedFailureType;
    if (!isResolved) throw error;
    return resolved();
  }
}

/** Checks whether the drive or the compensation had begun: no step before the drive is called any more. */
function isPast(record: TripRecord | undefined): boolean {
  return record?.startedAt !== undefined || record?.compensation !== undefined;
}

/** Makes a call unless the registry has its result at that time. */
function callUnlessRecorded<T>(
  call: StepCall<T>,
  findResult: () => { readonly value: T } | undefined,
): StepCall<T> {
  return replaceCalls(call, (make) => async () => {
    const found = findResult();
    return found === undefined ? await make() : found.value;
  });
}

function replaceCalls<T>(
  { local, run }: StepCall<T>,
  replace: (make: () => Promise<T>) => () => Promise<T>,
): StepCall<T> {
  return { ...(local && { local: replace(local) }), run: replace(run) };
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

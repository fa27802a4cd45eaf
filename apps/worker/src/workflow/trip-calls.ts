import type { StepCall } from "@fanfare/saga";
import {
  type ActivityInterfaceFor,
  type ActivityOptions,
  type LocalActivityInterfaceFor,
  proxyActivities,
  proxyLocalActivities,
} from "@temporalio/workflow";
import type { TripActivities } from "../trip-activities.ts";

/** Activities that Temporal schedules, shows and retries. */
export type OrdinaryActivities = ActivityInterfaceFor<TripActivities>;
/** Activities that run within the workflow task. */
export type LocalActivities = LocalActivityInterfaceFor<TripActivities>;
/** Calls an activity with the same arguments each time it is called. */
export type ActivityCall<T> = (activities: OrdinaryActivities | LocalActivities) => Promise<T>;

/**
 * How a call is tried: as an ordinary activity, or `local-first`, as a local activity once before that.
 * `StepCall` of @fanfare/saga describes what that gains and when it must not be used.
 */
export type Tries = "local-first" | "activity";

/** A limit of an activity's retries. Without any of its fields the activity is retried without end. */
export interface RetryLimit {
  /** For how long the activity is tried, in milliseconds, from the call on. */
  readonly timeoutMs?: number;
  readonly maxAttempts?: number;
  /** The types of failures that are not retried. */
  readonly nonRetryable?: readonly string[];
}

/** Retries an activity until it succeeds. */
export const withoutEnd: RetryLimit = {};

/** Creates the calls of activities. */
export interface TripCalls {
  /** Returns ordinary activities with an activity id, retried up to a limit. */
  activities(activityId: string, retry: RetryLimit): OrdinaryActivities;
  /** Creates the call of a step. Its activity id is the name of the step. */
  create<T>(
    step: string,
    how: { readonly tries: Tries; readonly retry: RetryLimit },
    call: ActivityCall<T>,
  ): StepCall<T>;
}

/** Options of `createTripCalls`. */
export interface TripCallsOptions {
  /** False replaces every `local-first` by `activity`. */
  readonly allowLocal: boolean;
}

const attempt = {
  startToCloseTimeout: 5_000,
  // A cancelled call may still arrive: the tombstone of its compensation refuses it.
  cancellationType: "TRY_CANCEL",
  retry: { initialInterval: 100, backoffCoefficient: 2, maximumInterval: 5_000 },
} as const satisfies ActivityOptions;

/**
 * The timeout of a local activity, in milliseconds. Longer than all but the slowest calls, and short,
 * because an update such as CancelTrip waits for it.
 */
const localTimeoutMs = 2_000;

/** Creates the calls of a trip. */
export function createTripCalls({ allowLocal }: TripCallsOptions): TripCalls {
  return {
    activities: ordinaryActivities,
    create(step, { tries, retry }, call) {
      const startedAt = Date.now();
      const run = () => call(ordinaryActivities(step, remainder(retry, startedAt)));
      if (tries === "activity" || !allowLocal) return { run };
      return { local: () => call(localActivities(retry.timeoutMs)), run };
    },
  };
}

function ordinaryActivities(activityId: string, retry: RetryLimit): OrdinaryActivities {
  const { timeoutMs, maxAttempts, nonRetryable } = retry;
  return proxyActivities<TripActivities>({
    ...attempt,
    activityId,
    ...(timeoutMs === undefined ? {} : { scheduleToCloseTimeout: timeoutMs }),
    retry: {
      ...attempt.retry,
      ...(maxAttempts === undefined ? {} : { maximumAttempts: maxAttempts }),
      ...(nonRetryable === undefined ? {} : { nonRetryableErrorTypes: [...nonRetryable] }),
    },
  });
}

function localActivities(timeoutMs: number = localTimeoutMs): LocalActivities {
  return proxyLocalActivities<TripActivities>({
    cancellationType: attempt.cancellationType,
    // Includes the time in which the activity waits for a free slot of the worker.
    scheduleToCloseTimeout: Math.min(timeoutMs, localTimeoutMs),
    retry: { maximumAttempts: 1 },
  });
}

/** Subtracts the time that the local activity took. */
function remainder(retry: RetryLimit, startedAt: number): RetryLimit {
  if (retry.timeoutMs === undefined) return retry;
  return { ...retry, timeoutMs: Math.max(1, retry.timeoutMs - (Date.now() - startedAt)) };
}

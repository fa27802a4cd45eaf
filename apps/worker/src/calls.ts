import type { StepCall } from "@fanfare/saga";
import { compensationSuffix, type TripTimings } from "@fanfare/trip-contract";
import {
  type ActivityInterfaceFor,
  type ActivityOptions,
  type LocalActivityInterfaceFor,
  proxyActivities,
  proxyLocalActivities,
} from "@temporalio/workflow";
import { type Activities, lastingFailure } from "./activity-types.ts";

type Ordinary = ActivityInterfaceFor<Activities>;
/** Call makes the same call whichever activities it is given, any number of times. */
type Call<T> = (activities: Ordinary | LocalActivityInterfaceFor<Activities>) => Promise<T>;

/** TripCalls are the ways in which a trip calls its activities: they differ in when they give up. */
export interface TripCalls {
  /** before the pivot: tried within the workflow task, then retried until the step's deadline. */
  before<T>(step: string, call: Call<T>): StepCall<T>;
  /** after the pivot: tried within the workflow task, then retried without end. */
  after<T>(step: string, call: Call<T>): StepCall<T>;
  /** Retried until the compensation is parked. */
  compensate(step: string): Ordinary;
  /** endless is retried without end. */
  endless(step: string): Ordinary;
  /** few makes the first few tries, so that the error is known of what takes longer. */
  few(step: string): Ordinary;
}

export interface TripCallsOptions {
  /** Whether calls are tried within the workflow task first: not in trips that began otherwise. */
  readonly locally: boolean;
}

const attempt = {
  startToCloseTimeout: 5_000,
  // A call that goes on after its cancellation is refused by the tombstone that its compensation leaves.
  cancellationType: "TRY_CANCEL",
  retry: { initialInterval: 100, backoffCoefficient: 2, maximumInterval: 5_000 },
} as const satisfies ActivityOptions;

/**
 * How long a try within the workflow task may take, in milliseconds: longer than all but the slowest
 * answers, and short, because what reaches the trip meanwhile, such as CancelTrip, waits for it.
 */
const localMs = 2_000;

/** createTripCalls makes them for a trip's timings. */
export function createTripCalls(timings: TripTimings, { locally }: TripCallsOptions): TripCalls {
  return {
    before(step, call) {
      const { stepTimeoutMs } = timings;
      const until = (ms: number) =>
        call(ordinary({ activityId: step, scheduleToCloseTimeout: ms }));
      if (!locally) return { run: () => until(stepTimeoutMs) };
      const began = Date.now();
      return {
        local: triedWithin(stepTimeoutMs, call),
        run: () => until(Math.max(1, stepTimeoutMs - (Date.now() - began))),
      };
    },
    after: (step, call) => ({
      ...(locally ? { local: triedWithin(localMs, call) } : {}),
      run: () => call(ordinary({ activityId: step })),
    }),
    compensate: (step) =>
      ordinary({
        activityId: `${step}${compensationSuffix}`,
        scheduleToCloseTimeout: timings.compensationTimeoutMs,
      }),
    endless: (step) => ordinary({ activityId: step }),
    few: (step) =>
      ordinary({
        activityId: step,
        retry: {
          ...attempt.retry,
          maximumAttempts: 3,
          nonRetryableErrorTypes: [lastingFailure],
        },
      }),
  };
}

/** triedWithin makes a call once, within the workflow task. */
function triedWithin<T>(ms: number, call: Call<T>): () => Promise<T> {
  const { cancellationType } = attempt;
  // Of the whole, so that waiting for a place on the worker counts.
  const scheduleToCloseTimeout = Math.min(ms, localMs);
  const options = { scheduleToCloseTimeout, cancellationType, retry: { maximumAttempts: 1 } };
  return () => call(proxyLocalActivities<Activities>(options));
}

function ordinary(options: ActivityOptions): Ordinary {
  return proxyActivities<Activities>({ ...attempt, ...options });
}

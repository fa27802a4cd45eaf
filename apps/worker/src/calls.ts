import {
  type ActivityInterfaceFor,
  type ActivityOptions,
  proxyActivities,
} from "@temporalio/workflow";
import { type Activities, lastingFailure } from "./activity-types.ts";
import { type TripTimings, undoSuffix } from "./contract.ts";

type Calls = ActivityInterfaceFor<Activities>;

/** TripCalls are the ways in which a trip calls its activities: they differ in when they give up. */
export interface TripCalls {
  /** before the pivot: retried until the step's deadline. */
  before(step: string): Calls;
  /** undo: retried until the undo is parked. */
  undo(step: string): Calls;
  /** after the pivot, and for the record: retried without end. */
  after(step: string): Calls;
  /** first makes a first try, so that the error is known of what takes longer. */
  first(step: string): Calls;
}

const attempt: ActivityOptions = {
  startToCloseTimeout: 5_000,
  // A call that goes on after its cancellation is refused by the tombstone that its undo leaves.
  cancellationType: "TRY_CANCEL",
  retry: { initialInterval: 100, backoffCoefficient: 2, maximumInterval: 5_000 },
};

/** createTripCalls makes them for a trip's timings. */
export function createTripCalls(timings: TripTimings): TripCalls {
  return {
    before: (step) => until(step, timings.stepDeadlineMs),
    undo: (step) => until(`${step}${undoSuffix}`, timings.undoDeadlineMs),
    after: (step) => proxyActivities<Activities>({ ...attempt, activityId: step }),
    first: (step) =>
      proxyActivities<Activities>({
        ...attempt,
        activityId: step,
        retry: { ...attempt.retry, maximumAttempts: 3, nonRetryableErrorTypes: [lastingFailure] },
      }),
  };
}

function until(activityId: string, ms: number): Calls {
  return proxyActivities<Activities>({ ...attempt, activityId, scheduleToCloseTimeout: ms });
}

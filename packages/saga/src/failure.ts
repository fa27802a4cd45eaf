import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TemporalFailure,
  TimeoutFailure,
} from "@temporalio/workflow";

/** RefusalPredicate says which failures are business refusals: an answer of no, for good. */
export type RefusalPredicate = (failure: ApplicationFailure) => boolean;

/** FailureAccount is what a failure comes down to: `code` is set when it is a business refusal. */
export interface FailureAccount {
  readonly message: string;
  readonly code?: string;
}

/**
 * isFailure tells what befell a step (an activity that failed, a timeout, a cancellation) from a bug
 * in workflow code, which is any other error.
 */
export function isFailure(reason: unknown): reason is TemporalFailure {
  return reason instanceof TemporalFailure;
}

/** accountFor finds, under the wrappings of activities and child workflows, what went wrong. */
export function accountFor(failure: unknown, isRefusal: RefusalPredicate): FailureAccount {
  const cause = unwrap(failure);
  if (cause instanceof ApplicationFailure && isRefusal(cause)) {
    return { message: cause.message, code: cause.type ?? "refused" };
  }
  if (cause instanceof TimeoutFailure) {
    const last = cause.cause && accountFor(cause.cause, isRefusal).message;
    return { message: last === undefined ? "timed out" : `timed out: ${last}` };
  }
  return { message: cause instanceof Error ? cause.message : String(cause) };
}

function unwrap(failure: unknown): unknown {
  const wrapped = failure instanceof ActivityFailure || failure instanceof ChildWorkflowFailure;
  return wrapped && failure.cause !== undefined ? unwrap(failure.cause) : failure;
}

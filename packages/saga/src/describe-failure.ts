import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TemporalFailure,
  TimeoutFailure,
} from "@temporalio/workflow";

/** Decides whether a failure is a business refusal, which no retry changes. */
export type RefusalPredicate = (failure: ApplicationFailure) => boolean;

/** The cause of a failure. */
export interface FailureDescription {
  readonly message: string;
  /** The type of the ApplicationFailure. Set for a business refusal alone. */
  readonly code?: string;
}

/**
 * Checks whether an error is a failure of Temporal: a failed activity, a timeout or a cancellation. Any other
 * error is a bug in workflow code.
 */
export function isTemporalFailure(error: unknown): error is TemporalFailure {
  return error instanceof TemporalFailure;
}

/** Checks whether a failure is non-retryable, which is what a refusal is by default. */
export function isNonRetryable({ nonRetryable }: ApplicationFailure): boolean {
  return nonRetryable === true;
}

/** Describes the cause of a failure, without the wrappers of activities and child workflows. */
export function describeFailure(failure: unknown, isRefusal: RefusalPredicate): FailureDescription {
  const cause = unwrap(failure);
  if (cause instanceof ApplicationFailure && isRefusal(cause)) {
    return { message: cause.message, code: cause.type ?? "refused" };
  }
  if (cause instanceof TimeoutFailure) {
    const last = cause.cause && describeFailure(cause.cause, isRefusal).message;
    return { message: last === undefined ? "timed out" : `timed out: ${last}` };
  }
  return { message: cause instanceof Error ? cause.message : String(cause) };
}

function unwrap(failure: unknown): unknown {
  const wrapped = failure instanceof ActivityFailure || failure instanceof ChildWorkflowFailure;
  return wrapped && failure.cause !== undefined ? unwrap(failure.cause) : failure;
}

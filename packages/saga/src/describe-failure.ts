import {
  ActivityFailure,
  ChildWorkflowFailure,
  isCancellation,
  TemporalFailure,
  TimeoutFailure,
} from "@temporalio/workflow";
import { findRefusal, listCauses, type RefusalPredicate } from "./find-refusal.ts";

/** The cause of a failure. */
export interface FailureDescription {
  readonly message: string;
  /** The code of a business refusal. Absent for any other failure. */
  readonly code?: string;
}

/**
 * Checks whether an error is a failure of Temporal, or wraps one: a failed activity, child workflow or Nexus
 * operation, a timeout or a cancellation. Any other error is a bug in workflow code.
 */
export function isTemporalFailure(error: unknown): boolean {
  return wraps(error, (one) => one instanceof TemporalFailure);
}

/** Checks whether an error is a cancellation, or wraps one. */
export function isCancelled(error: unknown): boolean {
  return wraps(error, isCancellation);
}

function wraps(error: unknown, matches: (one: unknown) => boolean): boolean {
  const causes = listCauses(error);
  try {
    return [error, ...causes, causes.at(-1)?.cause].some((one) => matches(one));
  } catch {
    return false; // A getter or a proxy throws, and no failure of Temporal does.
  }
}

/**
 * Describes the cause of a failure, without the wrappers of activities, child workflows and Nexus. Takes
 * any value that may be thrown.
 */
export function describeFailure(
  failure: unknown,
  isRefusal?: RefusalPredicate,
): FailureDescription {
  const refusal = findRefusal(failure, isRefusal);
  if (refusal !== undefined) return refusal;
  try {
    return { message: describeCause(unwrap(failure), isRefusal) };
  } catch {
    // A getter or a proxy throws, or there is no string form.
    return { message: "a value without a readable message was thrown" };
  }
}

function describeCause(cause: unknown, isRefusal: RefusalPredicate | undefined): string {
  if (!(cause instanceof TimeoutFailure)) {
    return cause instanceof Error ? cause.message : String(cause);
  }
  const last = cause.cause && describeFailure(cause.cause, isRefusal).message;
  return last === undefined ? "timed out" : `timed out: ${last}`;
}

function unwrap(failure: unknown): unknown {
  const wrapped =
    failure instanceof ActivityFailure ||
    failure instanceof ChildWorkflowFailure ||
    // @temporalio/workflow does not export the class.
    (failure instanceof TemporalFailure && failure.name === "NexusOperationFailure");
  return wrapped && failure.cause !== undefined ? unwrap(failure.cause) : failure;
}

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
  return listAll(error).some((one) => one instanceof TemporalFailure);
}

/** Checks whether an error is a cancellation, or wraps one. */
export function isCancelled(error: unknown): boolean {
  return listAll(error).some((one) => isCancellation(one));
}

function listAll(error: unknown): readonly unknown[] {
  const causes = listCauses(error);
  return [error, ...causes, causes.at(-1)?.cause];
}

/** Describes the cause of a failure, without the wrappers of activities, child workflows and Nexus. */
export function describeFailure(
  failure: unknown,
  isRefusal?: RefusalPredicate,
): FailureDescription {
  const refusal = findRefusal(failure, isRefusal);
  if (refusal !== undefined) return refusal;
  const cause = unwrap(failure);
  if (cause instanceof TimeoutFailure) {
    const last = cause.cause && describeFailure(cause.cause, isRefusal).message;
    return { message: last === undefined ? "timed out" : `timed out: ${last}` };
  }
  return { message: cause instanceof Error ? cause.message : String(cause) };
}

function unwrap(failure: unknown): unknown {
  const wrapped =
    failure instanceof ActivityFailure ||
    failure instanceof ChildWorkflowFailure ||
    // @temporalio/workflow does not export the class.
    (failure instanceof TemporalFailure && failure.name === "NexusOperationFailure");
  return wrapped && failure.cause !== undefined ? unwrap(failure.cause) : failure;
}

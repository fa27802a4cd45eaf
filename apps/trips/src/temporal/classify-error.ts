import { findCause } from "@fanfare/service";
import { earlyUpdateType, refusedUpdateType } from "@fanfare/trip-contract";
import {
  ApplicationFailure,
  isGrpcCancelledError,
  isGrpcDeadlineError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from "@temporalio/client";
import type { Reply } from "./trip-workflows.ts";

/** The failure type with which the server ends an update whose workflow closed before it finished. */
const workflowClosedType = "AcceptedUpdateCompletedWorkflow";

/** Converts an error of the Temporal client, or what wraps it, to the reply that it stands for. */
export function classifyError(error: unknown): Exclude<Reply<never>, { kind: "answered" }> {
  const failed = findCause(error, (cause) => cause instanceof WorkflowUpdateFailedError);
  const failure = findCause(failed, (cause) => cause instanceof ApplicationFailure);
  if (failure !== undefined) {
    const { type, message } = failure;
    if (type === refusedUpdateType) return { kind: "refused", reason: message };
    if (type === earlyUpdateType) return { kind: "not-ready", reason: message };
    if (type === workflowClosedType) return { kind: "not-running" };
  }
  if (findCause(error, isNotRunning) !== undefined) return { kind: "not-running" };
  if (findCause(error, isTimeout) !== undefined) return { kind: "timed-out" };
  return { kind: "unavailable", cause: error };
}

function isNotRunning(error: unknown): error is Error {
  return (
    error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError
  );
}

function isTimeout(error: unknown): error is Error {
  return (
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isGrpcDeadlineError(error) ||
    isGrpcCancelledError(error)
  );
}

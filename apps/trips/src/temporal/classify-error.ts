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

/** Converts an error of the Temporal client to the reply that it stands for. */
export function classifyError(error: unknown): Exclude<Reply<never>, { kind: "answered" }> {
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    const { type, message } = error.cause;
    if (type === refusedUpdateType) return { kind: "refused", reason: message };
    if (type === earlyUpdateType) return { kind: "not-ready", reason: message };
    if (type === workflowClosedType) return { kind: "not-running" };
  }
  if (
    error instanceof WorkflowNotFoundError ||
    error instanceof WorkflowExecutionAlreadyStartedError
  ) {
    return { kind: "not-running" };
  }
  if (
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isGrpcDeadlineError(error) ||
    isGrpcCancelledError(error)
  ) {
    return { kind: "timed-out" };
  }
  return { kind: "unavailable", cause: error };
}

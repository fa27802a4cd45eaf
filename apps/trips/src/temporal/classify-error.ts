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

/** How the server says that a workflow ended while an update of it was under way. */
const endedMeanwhile = "AcceptedUpdateCompletedWorkflow";

/** replyOfError is what an error of the Temporal client means to whoever asked a workflow. */
export function replyOfError(error: unknown): Reply<never> {
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    const { type, message } = error.cause;
    if (type === refusedUpdateType) return { kind: "refused", reason: message };
    if (type === earlyUpdateType) return { kind: "early", reason: message };
    if (type === endedMeanwhile) return { kind: "gone" };
  }
  if (
    error instanceof WorkflowNotFoundError ||
    error instanceof WorkflowExecutionAlreadyStartedError
  ) {
    return { kind: "gone" };
  }
  if (
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isGrpcDeadlineError(error) ||
    isGrpcCancelledError(error)
  ) {
    return { kind: "late" };
  }
  return { kind: "away", cause: error };
}

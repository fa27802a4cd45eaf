import { refusedUpdateType } from "@fanfare/trip-contract";
import {
  ApplicationFailure,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from "@temporalio/client";
import { describe, expect, it } from "vitest";
import { classifyError } from "./classify-error.ts";

const refused = ApplicationFailure.nonRetryable("too late", refusedUpdateType);
const closed = ApplicationFailure.nonRetryable("closed", "AcceptedUpdateCompletedWorkflow");
const failUpdate = (cause: Error) => new WorkflowUpdateFailedError("update failed", cause);
const wrapped = (cause: Error) => new Error("wrapped", { cause });

const table = [
  ["a refused update", failUpdate(refused), "refused"],
  ["a refused update whose failure is wrapped", failUpdate(wrapped(refused)), "refused"],
  ["a closed workflow", failUpdate(closed), "not-running"],
  [
    "a workflow that Temporal does not have",
    new WorkflowNotFoundError("x", "trip/1", undefined),
    "not-running",
  ],
  ["a timeout", new WorkflowUpdateRPCTimeoutOrCancelledError("x"), "timed-out"],
  ["another failure of an update", failUpdate(new ApplicationFailure("x")), "unavailable"],
  ["an unreachable server", new ServiceError("x"), "unavailable"],
  ["a refusal that is no update's", refused, "unavailable"],
] as const;

describe("classifyError()", () => {
  it.each(table)("classifies %s", (_, error, kind) => {
    expect(classifyError(error).kind).toBe(kind);
    expect(classifyError(wrapped(wrapped(error))).kind).toBe(kind);
  });
});

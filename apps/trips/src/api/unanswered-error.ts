import { Code, ConnectError } from "@connectrpc/connect";
import type { Reply } from "../temporal/trip-workflows.ts";

/**
 * Creates the error for a caller whose request a workflow did not carry out. `request` names the request
 * in the message, for example `end of trip 42`.
 */
export function createUnansweredError(
  reply: Extract<Reply<unknown>, { kind: "refused" | "not-ready" | "timed-out" | "unavailable" }>,
  request: string,
): ConnectError {
  if (reply.kind === "refused") return new ConnectError(reply.reason, Code.FailedPrecondition);
  if (reply.kind === "not-ready") return new ConnectError(reply.reason, Code.Unavailable);
  if (reply.kind === "timed-out") {
    return new ConnectError(
      `the ${request} takes longer than this call may: call again, or watch the trip`,
      Code.DeadlineExceeded,
    );
  }
  return new ConnectError(
    `the ${request} cannot be requested now: call again in a moment`,
    Code.Unavailable,
    undefined,
    undefined,
    reply.cause,
  );
}

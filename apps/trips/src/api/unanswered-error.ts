import { Code, ConnectError } from "@connectrpc/connect";
import type { Reply } from "../temporal/trip-workflows.ts";

/** noAnswer is what a caller hears when a workflow did not do what it was asked: why, and what to do. */
export function noAnswer(
  reply: Extract<Reply<unknown>, { kind: "refused" | "early" | "late" | "away" }>,
  what: string,
): ConnectError {
  if (reply.kind === "refused") return new ConnectError(reply.reason, Code.FailedPrecondition);
  if (reply.kind === "early") return new ConnectError(reply.reason, Code.Unavailable);
  if (reply.kind === "late") {
    return new ConnectError(
      `the ${what} is taking longer than this call may: call again, or watch the trip`,
      Code.DeadlineExceeded,
    );
  }
  return new ConnectError(
    `the ${what} cannot be asked for right now: call again in a moment`,
    Code.Unavailable,
    undefined,
    undefined,
    reply.cause,
  );
}

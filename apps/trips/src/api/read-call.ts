import type { HandlerContext } from "@connectrpc/connect";
import { type Caller, getCaller } from "@fanfare/service";
import { readDecisionId } from "../operators/decision-id.ts";
import type { CallOptions } from "../temporal/trip-workflows.ts";
import { createCallOptions } from "./call-options.ts";
import type { OperatorCall } from "./operator-decisions.ts";

/** Reads who calls, and how long the call may wait for a workflow. */
export function readCall(
  context: HandlerContext,
  maxTimeoutMs?: number,
): CallOptions & { caller: Caller } {
  return { ...createCallOptions(context, maxTimeoutMs), caller: getCaller(context) };
}

/** Reads a call of an operator. Its decision has the idempotency key of the call, or an id of its own. */
export function readDecision(context: HandlerContext): OperatorCall {
  return { ...readCall(context), decisionId: readDecisionId(context) };
}

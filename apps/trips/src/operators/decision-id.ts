import { randomUUID } from "node:crypto";
import type { HandlerContext } from "@connectrpc/connect";
import { readIdempotencyKey } from "@fanfare/service";

/** Returns the id of an operator's decision: the idempotency key of the call, or a new id when it has none. */
export function readDecisionId(context: HandlerContext): string {
  const hasKey = context.requestHeader.has("idempotency-key");
  return hasKey ? readIdempotencyKey(context) : randomUUID();
}

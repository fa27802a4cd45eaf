import { Code, ConnectError } from "@connectrpc/connect";
import type { GatewayRejection } from "./gateway.ts";

/** Returns the gateway's answer. Throws unavailable when the gateway does not answer. */
export async function callGateway<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new ConnectError(
      "the payment gateway did not answer: call again with the same idempotency-key",
      Code.Unavailable,
      undefined,
      undefined,
      cause,
    );
  }
}

/** Creates the error with which callers get a rejection of the gateway. */
export function createRejectionError({ outcome, reason }: GatewayRejection): ConnectError {
  return new ConnectError(
    reason,
    outcome === "unknown-method" ? Code.InvalidArgument : Code.FailedPrecondition,
  );
}

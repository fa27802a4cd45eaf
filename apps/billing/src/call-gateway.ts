import { Code, ConnectError } from "@connectrpc/connect";
import type { Refusal } from "./gateway.ts";

/** askGateway turns a gateway that does not answer into unavailable, so that the caller asks again. */
export async function askGateway<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new ConnectError(
      "The payment gateway did not answer: call again with the same idempotency-key",
      Code.Unavailable,
      undefined,
      undefined,
      cause,
    );
  }
}

/** refusalOf is the gateway's no as the caller gets it. */
export function refusalOf({ outcome, reason }: Refusal): ConnectError {
  return new ConnectError(
    reason,
    outcome === "unknown-method" ? Code.InvalidArgument : Code.FailedPrecondition,
  );
}

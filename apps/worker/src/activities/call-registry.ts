import { type CallOptions, Code } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { ApplicationFailure } from "@temporalio/common";
import { callService } from "./call-service.ts";

/**
 * Calls the registry as `callService` does, but retries a call that it denies. A denial concerns the access of
 * this worker and says nothing about the trip: a drive that has begun is not compensated for it.
 */
export async function callRegistry<T>(
  step: string,
  call: (options: CallOptions) => Promise<T>,
): Promise<T> {
  try {
    return await callService(step, call);
  } catch (error) {
    const isDenied =
      error instanceof ApplicationFailure && error.type === codeToString(Code.PermissionDenied);
    // A saga takes the code of a denial for a refusal, also when it is retryable.
    if (isDenied) throw ApplicationFailure.retryable(error.message, codeToString(Code.Unavailable));
    throw error;
  }
}

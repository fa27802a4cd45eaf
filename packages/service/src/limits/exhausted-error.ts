import { Code, ConnectError } from "@connectrpc/connect";
import { RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";

/**
 * Returns a ConnectError `resource_exhausted` that states when to call again: as `google.rpc.RetryInfo` in
 * its details, and in the header `retry-after`, in seconds.
 */
export function createExhaustedError(reason: string, delayMs: number): ConnectError {
  const ms = Math.ceil(delayMs);
  const retryDelay = { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
  return new ConnectError(
    `${reason}: call again in ${ms} ms`,
    Code.ResourceExhausted,
    { "retry-after": String(Math.max(1, Math.ceil(ms / 1000))) },
    [{ desc: RetryInfoSchema, value: { retryDelay } }],
  );
}

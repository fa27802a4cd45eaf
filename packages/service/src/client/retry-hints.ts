import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";

const maxAttempts = 4;
/** A longer hint is left to the caller. */
const maxDelayMs = 5000;

/**
 * Creates the interceptor that repeats a unary call which a server refused as `resource_exhausted` with the
 * hint when to call again (`google.rpc.RetryInfo`): after that time and some jitter, within the timeout of
 * the call, up to three times.
 */
export function createRetryHintInterceptor(): Interceptor {
  return (next) => async (request) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await next(request);
      } catch (reason) {
        const delayMs = readRetryDelay(ConnectError.from(reason));
        const isLast = attempt >= maxAttempts || request.stream;
        if (delayMs === undefined || delayMs > maxDelayMs || isLast) throw reason;
        // A call whose time is over is refused as it was.
        const jitterMs = Math.random() * delayMs * 0.2 * attempt;
        await sleep(delayMs + jitterMs, undefined, { signal: request.signal }).catch(() => {
          throw reason;
        });
      }
    }
  };
}

/** Returns the milliseconds after which a refused call may be repeated, or undefined without a hint. */
function readRetryDelay(error: ConnectError): number | undefined {
  if (error.code !== Code.ResourceExhausted) return undefined;
  const [hint] = error.findDetails(RetryInfoSchema);
  if (hint?.retryDelay === undefined) return undefined;
  const { seconds, nanos } = hint.retryDelay;
  return Number(seconds) * 1000 + nanos / 1_000_000;
}

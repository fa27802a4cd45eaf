import type { ConnectError, ContextKey, Interceptor } from "@connectrpc/connect";
import { createContextKey } from "@connectrpc/connect";
import { toConnectError } from "./to-connect-error.ts";

/** callErrorKey holds the error that a call ended with. */
export const callErrorKey: ContextKey<ConnectError | undefined> = createContextKey<
  ConnectError | undefined
>(undefined, { description: "call error" });

/**
 * createCallInterceptor makes the outermost interceptor of every call: it ends the call when its
 * signal aborts (deadline, caller gone, server stopping) even if its route does not, and turns what
 * the route throws into a ConnectError, kept under `callErrorKey`.
 */
export function createCallInterceptor(): Interceptor {
  return (next) => async (request) => {
    const { signal, contextValues } = request;
    function failure(error: unknown): ConnectError {
      const failed = toConnectError(error);
      contextValues.set(callErrorKey, failed);
      return failed;
    }
    try {
      const response = await untilAborted(next(request), signal);
      if (!response.stream) return response;
      return { ...response, message: guarded(response.message, signal, failure) };
    } catch (error) {
      throw failure(error);
    }
  };
}

async function* guarded<T>(
  messages: AsyncIterable<T>,
  signal: AbortSignal,
  failure: (error: unknown) => ConnectError,
): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  try {
    while (true) {
      const result = await untilAborted(iterator.next(), signal);
      if (result.done === true) return;
      yield result.value;
    }
  } catch (error) {
    throw failure(error);
  } finally {
    // Not awaited: a route that ignores its signal would hold the call.
    iterator.return?.().catch(() => {});
  }
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { signal: over.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    over.abort();
  }
}

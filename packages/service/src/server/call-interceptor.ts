import type { ConnectError, ContextKey, Interceptor } from "@connectrpc/connect";
import { createContextKey } from "@connectrpc/connect";
import { relayRequest, requestReadKey } from "./request-errors.ts";
import { toConnectError } from "./to-connect-error.ts";

/** The context key of the error that ended a call. */
export const callErrorKey: ContextKey<ConnectError | undefined> = createContextKey<
  ConnectError | undefined
>(undefined, { description: "call error" });

/**
 * Creates the outermost interceptor of every call. It ends the call when its signal aborts (deadline,
 * disconnected caller, stopping server), even if the route ignores the signal. It converts errors of
 * the route with `toConnectError` and stores them under `callErrorKey`.
 */
export function createCallInterceptor(): Interceptor {
  return (next) => async (request) => {
    const { signal, contextValues } = request;
    function recordError(error: unknown): ConnectError {
      const converted = toConnectError(error);
      contextValues.set(callErrorKey, converted);
      return converted;
    }
    contextValues.set(requestReadKey, true);
    const readable = request.stream
      ? { ...request, message: relayRequest(request.message, contextValues) }
      : request;
    try {
      const response = await rejectOnAbort(next(readable), signal);
      if (!response.stream) return response;
      return { ...response, message: relayMessages(response.message, signal, recordError) };
    } catch (error) {
      throw recordError(error);
    }
  };
}

async function* relayMessages<T>(
  messages: AsyncIterable<T>,
  signal: AbortSignal,
  recordError: (error: unknown) => ConnectError,
): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  try {
    while (true) {
      const result = await rejectOnAbort(iterator.next(), signal);
      if (result.done === true) return;
      yield result.value;
    }
  } catch (error) {
    throw recordError(error);
  } finally {
    // Not awaited: a route that ignores its signal would block the call.
    endEarly(iterator).catch(() => {});
  }
}

async function endEarly(iterator: AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}

async function rejectOnAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const finished = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { signal: finished.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    finished.abort();
  }
}

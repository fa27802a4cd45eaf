import type { ConnectError, ContextKey, Interceptor } from "@connectrpc/connect";
import { createContextKey } from "@connectrpc/connect";
import { callerKey } from "../auth/caller.ts";
import { relayRequest, requestReadKey } from "./request-errors.ts";
import { toConnectError } from "./to-connect-error.ts";
import type { TokenExpiry } from "./token-expiry.ts";
import { expireWithToken } from "./token-expiry.ts";

/** The context key of the error that ended a call. */
export const callErrorKey: ContextKey<ConnectError | undefined> = createContextKey<
  ConnectError | undefined
>(undefined, { description: "call error" });

/**
 * Creates the outermost interceptor of every call. It ends the call when its signal aborts (deadline,
 * disconnected caller, stopping server), even if the route ignores the signal, and a stream when the token of
 * its caller expires. It converts errors of
 * the route with `toConnectError` and stores them under `callErrorKey`.
 */
export function createCallInterceptor(): Interceptor {
  return (next) => async (request) => {
    const { contextValues } = request;
    function recordError(error: unknown): ConnectError {
      const converted = toConnectError(error);
      contextValues.set(callErrorKey, converted);
      return converted;
    }
    contextValues.set(requestReadKey, true);
    try {
      if (!request.stream) return await rejectOnAbort(next(request), request.signal);
      const expiry = expireWithToken(request.signal, contextValues.get(callerKey));
      const message = relayRequest(request.message, contextValues);
      const stream = { ...request, message, signal: expiry.signal };
      using opening = new DisposableStack();
      opening.use(expiry);
      const response = await rejectOnAbort(next(stream), expiry.signal);
      if (!response.stream) return response;
      opening.move();
      return { ...response, message: relayMessages(response.message, expiry, recordError) };
    } catch (error) {
      throw recordError(error);
    }
  };
}

async function* relayMessages<T>(
  messages: AsyncIterable<T>,
  expiry: TokenExpiry,
  recordError: (error: unknown) => ConnectError,
): AsyncGenerator<T> {
  const { signal } = expiry;
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
    expiry[Symbol.dispose]();
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

import type { ContextKey, ContextValues, HandlerContext } from "@connectrpc/connect";
import { Code, ConnectError, createContextKey } from "@connectrpc/connect";

/** The context key of the error with which reading the request of a call failed. */
export const requestErrorKey: ContextKey<ConnectError | undefined> = createContextKey<
  ConnectError | undefined
>(undefined, { description: "request error" });

/** The context key of whether the request of a unary call has been read. */
export const requestReadKey: ContextKey<boolean> = createContextKey(false, {
  description: "request read",
});

/**
 * Makes the errors with which a unary request cannot be read those of its caller. Connect decodes the
 * request before it runs the interceptors, and answers `internal` when that fails. It aborts the signal of
 * the call with the error before it encodes the answer, in every protocol: the error is changed then.
 */
export function watchRequest({ signal, values }: HandlerContext): void {
  signal.addEventListener(
    "abort",
    () => {
      if (!values.get(requestReadKey) && signal.reason instanceof ConnectError) {
        recordRequestError(signal.reason, values);
      }
    },
    { once: true },
  );
}

/** Relays the messages of a streaming request, and makes the errors of reading them those of the caller. */
export async function* relayRequest<T>(
  messages: AsyncIterable<T>,
  values: ContextValues,
): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    if (error instanceof ConnectError) recordRequestError(error, values);
    throw error;
  }
}

// The protocols of gRPC require `internal` for an envelope that is compressed against the headers.
const protocolErrors = ["received compressed envelope"];

function recordRequestError(error: ConnectError, values: ContextValues): void {
  const isInternal = error.code === Code.Internal || error.code === Code.Unknown;
  if (isInternal && !protocolErrors.some((start) => error.rawMessage.startsWith(start))) {
    const rawMessage = `the body is not a valid request, ${error.rawMessage}: encode it as its content-type states`;
    const { message } = new ConnectError(rawMessage, Code.InvalidArgument);
    Object.assign(error, { code: Code.InvalidArgument, rawMessage, message });
  }
  values.set(requestErrorKey, error);
}

import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

const maxAttempts = 3;

/**
 * Creates the interceptor that repeats a unary call which a server refused unprocessed, as a stopping
 * server does with calls that cross its GOAWAY (RFC 9113, section 8.7). The repetition uses another
 * connection. A call that is refused three times is `unavailable`.
 */
export function createRefusedStreamInterceptor(): Interceptor {
  return (next) => async (request) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await next(request);
      } catch (reason) {
        const { rawMessage, metadata, cause } = ConnectError.from(reason);
        if (request.stream || !rawMessage.includes("NGHTTP2_REFUSED_STREAM")) throw reason;
        if (attempt < maxAttempts) continue;
        const message = "the server refuses calls, as it is stopping: call again later";
        throw new ConnectError(message, Code.Unavailable, metadata, undefined, cause);
      }
    }
  };
}

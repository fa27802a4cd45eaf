import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { redactUrls } from "../process/redact-urls.ts";
import { findCause } from "./find-cause.ts";

/**
 * Creates the interceptor that reports a connection which the server closes instead of an answer as
 * `unavailable`. Connect reports it as `canceled`, which the caller did not ask for, as `aborted` or as
 * `internal`. With TLS 1.3, a server refuses the client's certificate in that way, as the client's handshake
 * is over by then.
 */
export function createClosedConnectionInterceptor(baseUrl: string): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (reason) {
      const { code, rawMessage, metadata, cause } = ConnectError.from(reason);
      const refused = findCause(reason, isTlsAlert) !== undefined;
      const closed =
        (code === Code.Canceled && rawMessage.includes("stream closed with error code")) ||
        (code === Code.Aborted && rawMessage.includes("ECONNRESET"));
      if (!refused && (!closed || request.signal.aborted)) throw reason;
      const what = refused
        ? "refuses the certificate of this client, or its absence"
        : "closed the connection without an answer";
      const message = `${redactUrls(baseUrl)} ${what}: ${rawMessage}`;
      throw new ConnectError(message, Code.Unavailable, metadata, undefined, cause);
    }
  };
}

function isTlsAlert(cause: unknown): cause is Error {
  return (
    cause instanceof Error &&
    "code" in cause &&
    typeof cause.code === "string" &&
    cause.code.startsWith("ERR_SSL_")
  );
}

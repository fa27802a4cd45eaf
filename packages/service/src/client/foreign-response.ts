import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { redactUrls } from "../process/redact-urls.ts";
import { refusalCodes } from "./refusal-codes.ts";

/** Codes that Connect derives from a response that it cannot read. Other codes mean no response. */
const responseCodes: ReadonlySet<Code> = new Set([
  ...refusalCodes,
  Code.Unknown,
  Code.Internal,
  Code.ResourceExhausted,
  Code.Unimplemented,
]);

/**
 * Creates the interceptor that detects responses which no service sent: garbled, too large, or from a
 * proxy. Connect derives codes for these too, such as `permission_denied` from a proxy's 403. The
 * interceptor replaces a refusal code by `internal`, so that the call is retried, and names the
 * address in the message. It must be inside of all interceptors that throw errors of their own, because
 * it attributes every error to the response.
 */
export function createForeignResponseInterceptor(baseUrl: string): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (reason) {
      const { code, rawMessage, metadata, cause } = ConnectError.from(reason);
      // A service sends a unary error as JSON, whatever the format of its messages.
      const fromService = metadata.get("content-type")?.startsWith("application/json") === true;
      if (request.stream || fromService || !responseCodes.has(code)) throw reason;
      throw new ConnectError(
        `${redactUrls(baseUrl)} sent an unreadable response: ${rawMessage}`,
        refusalCodes.has(code) ? Code.Internal : code,
        metadata,
        undefined,
        cause,
      );
    }
  };
}

import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { refusalCodes } from "./refusal-codes.ts";

/** Codes of answers that came wrong; what else fails is no answer at all. */
const wrong: ReadonlySet<Code> = new Set([
  ...refusalCodes,
  Code.Unknown,
  Code.Internal,
  Code.ResourceExhausted,
  Code.Unimplemented,
]);

/**
 * createWrongAnswerInterceptor says of an answer that is no message and no error of a service (it
 * is garbled, too large, or a proxy's) whose it is. Connect has codes for these too, some of them
 * those of refusals, which such an answer is not: it becomes internal, and is worth another try. It
 * has to be the innermost, as it takes every error for one of the answer.
 */
export function createWrongAnswerInterceptor(baseUrl: string): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (reason) {
      const { code, rawMessage, metadata, cause } = ConnectError.from(reason);
      // A unary error of a service comes as JSON, in any of Connect's formats.
      const said = metadata.get("content-type")?.startsWith("application/json") === true;
      if (request.stream || said || !wrong.has(code)) throw reason;
      throw new ConnectError(
        `${baseUrl} gave no answer that can be read: ${rawMessage}`,
        refusalCodes.has(code) ? Code.Internal : code,
        metadata,
        undefined,
        cause,
      );
    }
  };
}

import type { Message } from "@bufbuild/protobuf";
import type { Validator } from "@bufbuild/protovalidate";
import { PermanentError } from "../consume/handler-errors.ts";
import { BusError } from "../error.ts";
import type { EventMethod } from "../event-method.ts";
import type { Interceptor } from "../interceptor.ts";

/**
 * Creates an interceptor that checks messages against their `buf.validate` rules. It rejects the
 * publish of an invalid message with `invalid_argument`, and fails the delivery of one with
 * a `PermanentError`, which dead-letters it without calling its handler. Rules that cannot be evaluated are
 * `internal`. Pass the result of protovalidate's `createValidator`.
 *
 * @example
 * ```ts
 * import { createValidator } from "@bufbuild/protovalidate";
 *
 * const bus = createMemoryBus({ interceptors: [createValidation(createValidator())] });
 * ```
 */
export function createValidation(validator: Validator): Interceptor {
  function check(
    method: EventMethod,
    message: Message,
    createError: (text: string, options: ErrorOptions) => Error,
  ): void {
    const { kind, error } = validator.validate(method.input, message);
    if (kind === "valid") return;
    const { typeName } = method.input;
    if (kind === "invalid") {
      throw createError(`the ${typeName} is invalid: ${error.message}`, { cause: error });
    }
    const why = `the rules of ${typeName} cannot be evaluated: ${error.message}`;
    throw new BusError("internal", why, { cause: error });
  }

  return {
    publish: (next) => async (call) => {
      check(
        call.method,
        call.message,
        (text, options) => new BusError("invalid_argument", text, options),
      );
      return await next(call);
    },
    handle: (next) => async (call) => {
      check(call.method, call.message, (text, options) => new PermanentError(text, options));
      await next(call);
    },
  };
}

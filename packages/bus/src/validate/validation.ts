import type { Message } from "@bufbuild/protobuf";
import type { Validator } from "@bufbuild/protovalidate";
import { type BusCode, BusError } from "../error.ts";
import type { EventMethod } from "../event-method.ts";
import type { Interceptor } from "../interceptor.ts";

/**
 * createValidation makes an interceptor that checks messages by their `buf.validate` rules, with what
 * protovalidate's `createValidator` returns. Publishing an invalid one is refused with
 * `invalid_argument`; one that arrives is a dead letter at once, unseen by its handler. A rule that
 * cannot be evaluated is `internal`.
 */
export function createValidation(validator: Validator): Interceptor {
  function check(method: EventMethod, message: Message, code: BusCode): void {
    const { kind, error } = validator.validate(method.input, message);
    if (kind === "valid") return;
    const { typeName } = method.input;
    if (kind === "invalid") {
      throw new BusError(code, `the ${typeName} is invalid: ${error.message}`, { cause: error });
    }
    const why = `the rules of ${typeName} cannot be evaluated: ${error.message}`;
    throw new BusError("internal", why, { cause: error });
  }

  return {
    publish: (next) => async (call) => {
      check(call.method, call.message, "invalid_argument");
      return await next(call);
    },
    handle: (next) => async (call) => {
      check(call.method, call.message, "permanent");
      await next(call);
    },
  };
}

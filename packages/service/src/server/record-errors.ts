import type { RequestGate } from "../auth/access-gate.ts";
import { callErrorKey } from "./call-interceptor.ts";
import { watchRequest } from "./request-errors.ts";
import { toConnectError } from "./to-connect-error.ts";

/** Returns a gate that converts what another gate throws, and stores it under `callErrorKey`. */
export function recordErrors(gate: RequestGate): RequestGate {
  return async (context) => {
    try {
      await gate(context);
      watchRequest(context);
    } catch (error) {
      const converted = toConnectError(error);
      context.values.set(callErrorKey, converted);
      throw converted;
    }
  };
}

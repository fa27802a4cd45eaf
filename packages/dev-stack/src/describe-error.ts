import { inspect } from "node:util";

/**
 * Returns the message of an error, that of its cause where `fetch` hides it, and the printed form of any
 * other value. Never throws.
 */
export function describeError(reason: unknown): string {
  try {
    if (!(reason instanceof Error)) return print(reason);
    const { message, cause } = reason;
    if (message === "fetch failed" && cause instanceof Error) return cause.message;
    return message;
  } catch {
    return print(reason);
  }
}

function print(reason: unknown): string {
  return typeof reason === "string" ? reason : inspect(reason, { depth: 1, customInspect: false });
}

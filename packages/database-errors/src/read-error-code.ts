import { readProperty, readText, visitCauses } from "./visit-causes.ts";

/**
 * Returns the code of an error or, where it has none, of the first error that it wraps and that has
 * one: a SQLSTATE from PostgreSQL, a name such as `ECONNREFUSED` from Node.js. Returns undefined for
 * anything without one.
 *
 * @example
 * readErrorCode(error) === "23505"; // a unique violation
 */
export function readErrorCode(error: unknown): string | undefined {
  let code: string | undefined;
  visitCauses(error, (one) => {
    code ??= readText(one, "code") || undefined;
    return code === undefined && typeof readProperty(one, "code") !== "number";
  });
  return code;
}

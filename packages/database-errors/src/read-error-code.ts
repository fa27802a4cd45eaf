/**
 * Returns the code of an error: a SQLSTATE from PostgreSQL, a name such as `ECONNREFUSED` from
 * Node.js. Returns undefined for anything without one.
 *
 * @example
 * readErrorCode(error) === "23505"; // a unique violation
 */
export function readErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error && "code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

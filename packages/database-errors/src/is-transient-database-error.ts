import { isDatabaseUnavailable } from "./is-database-unavailable.ts";
import { readErrorCode } from "./read-error-code.ts";

const sqlStates: ReadonlySet<string | undefined> = new Set([
  "25P03", // idle in transaction timeout
  "25P04", // transaction timeout
  "40001", // serialization failure
  "40P01", // deadlock
  "53200", // out of memory, or of locks
  "55P03", // lock not available in time
  "57014", // statement timeout, or a cancelled statement
]);

/**
 * Returns whether the same transaction may succeed when it is repeated: the database is unavailable,
 * as `isDatabaseUnavailable` returns, or it ended the transaction because of load or of another
 * transaction.
 *
 * @example
 * try {
 *   await db.insertInto("orders").values(order).execute();
 * } catch (error) {
 *   if (!isTransientDatabaseError(error)) throw error;
 *   retryLater(order);
 * }
 */
export function isTransientDatabaseError(error: unknown): boolean {
  return sqlStates.has(readErrorCode(error)) || isDatabaseUnavailable(error);
}

import { readErrorCode } from "./read-error-code.ts";

/** Codes of Node.js for a connection that cannot be made or broke. */
const socketCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** Classes of SQLSTATE: connection exception, invalid authorization. */
const sqlStateClasses: ReadonlySet<string> = new Set(["08", "28"]);

const sqlStates: ReadonlySet<string> = new Set([
  "25006", // read-only: a standby after a failover
  "3D000", // no such database
  "53000", // insufficient resources; a single statement can cause "out of memory" (53200)
  "53100", // disk full
  "53300", // too many connections
  "57P01", // admin shutdown
  "57P02", // crash shutdown
  "57P03", // cannot connect now: starting or stopping
  "57P04", // database dropped
  "57P05", // idle session timeout
]);

/** Messages of pg and Kysely for a lost connection, which have no code. */
const messages =
  /^(connection terminated|query read timeout|timeout exceeded when trying to connect|client has encountered a connection error|client was closed|cannot use a pool after calling end|driver has already been destroyed|postgres connection has been discarded)/i;

/**
 * Returns whether an error of pg or Kysely means that the database is unavailable: it cannot be
 * reached, refuses the login, is starting, stopping, full or read-only. No statement is at fault, and
 * none succeeds before the database is back. Ignores causes: an error that wraps another belongs to
 * the code that threw it.
 *
 * @example
 * try {
 *   await db.insertInto("orders").values(order).execute();
 * } catch (error) {
 *   if (!isDatabaseUnavailable(error)) throw error;
 *   retryLater(order);
 * }
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = readErrorCode(error) ?? "";
  if (sqlStates.has(code) || socketCodes.has(code)) return true;
  // A Unix socket that is missing, but no other file.
  if (code === "ENOENT") return "syscall" in error && error.syscall === "connect";
  // PgBouncer reports a server that it cannot reach as a fatal protocol violation. One that is not
  // fatal is a malformed message.
  if (code === "08P01") return "severity" in error && error.severity === "FATAL";
  if (code.length === 5 && sqlStateClasses.has(code.slice(0, 2))) return true;
  return messages.test(error.message);
}

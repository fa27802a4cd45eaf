/** What Node says of a socket that cannot be made or broke. */
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
  "ENOENT",
]);

/** Classes of SQLSTATE: connection exception, refused authorization. */
const sqlClasses: ReadonlySet<string> = new Set(["08", "28"]);

const sqlStates: ReadonlySet<string> = new Set([
  "25006", // read-only: a standby after a failover
  "3D000", // no such database
  "53000", // insufficient resources; out of memory and of locks is what one statement may cause
  "53100", // disk full
  "53300", // too many connections
  "57P01", // admin shutdown
  "57P02", // crash shutdown
  "57P03", // cannot connect now: starting or stopping
  "57P04", // the database was dropped
  "57P05", // idle session timeout
]);

/** What pg and Kysely say of a lost connection without giving it a code. */
const messages =
  /^(connection terminated|query read timeout|timeout exceeded when trying to connect|client has encountered a connection error|client was closed|cannot use a pool after calling end|driver has already been destroyed|postgres connection has been discarded)/i;

/**
 * lostDatabase says whether an error means that the database, and not the statement, is the
 * trouble. It does not look at causes: an error that wraps another is its thrower's own.
 */
export function lostDatabase(reason: unknown): boolean {
  if (!(reason instanceof Error)) return false;
  const code = "code" in reason && typeof reason.code === "string" ? reason.code : "";
  if (sqlStates.has(code) || socketCodes.has(code)) return true;
  // A protocol violation: PgBouncer's word, then fatal, for a server that it cannot reach.
  if (code === "08P01") return "severity" in reason && reason.severity === "FATAL";
  if (code.length === 5 && sqlClasses.has(code.slice(0, 2))) return true;
  return messages.test(reason.message);
}

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

/** Classes of SQLSTATE: connection exception, refused authorization, insufficient resources. */
const sqlClasses: ReadonlySet<string> = new Set(["08", "28", "53"]);

const sqlStates: ReadonlySet<string> = new Set([
  "25006", // read-only: a standby after a failover
  "3D000", // no such database
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
  if (code.length === 5 && sqlClasses.has(code.slice(0, 2))) return true;
  return messages.test(reason.message);
}

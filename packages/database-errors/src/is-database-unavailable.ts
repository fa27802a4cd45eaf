import { readProperty, readText, visitCauses } from "./visit-causes.ts";

/** Codes of Node.js and of postgres.js for a connection that cannot be made or broke. */
const connectionCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "EPROTO", // TLS
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTCONN",
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
]);

/** Codes of Node.js for a certificate that is refused, on either side. */
const tlsCode =
  /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH)/;

/** Classes of SQLSTATE: connection exception, invalid authorization, error of the system. */
const sqlStateClass = /^(08|28|58)/;

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
const driverMessage =
  /^(connection (terminated|ended)|query read timeout|timeout exceeded when trying to connect|client has encountered a connection error|client was closed|cannot use a pool after calling end|driver has already been destroyed|postgres connection has been discarded|the server does not support ssl|there was an error establishing an ssl)/i;

/** Messages of PgBouncer, Supavisor, PgCat and RDS Proxy, which report their own state as an error of PostgreSQL. */
const poolerMessage =
  /max_?\s?client|too many connections|no more connections|connection slots|server_lookup|query_wait_timeout|server (login|connection)|cannot connect to server|connection from the pool|acquire .*connection|servers? (is|are) down|tenant or user not found/i;

/** Errors that are the verdict of another client, whatever they wrap. */
const foreignNames: ReadonlySet<string> = new Set(["BusError", "ConnectError", "TypeError"]);

/**
 * Returns whether an error of a PostgreSQL driver, of Kysely or of a pooler means that the database is
 * unavailable: it cannot be reached, refuses the login, is starting, stopping, full or read-only. No
 * statement is at fault, and none succeeds before the database is back.
 *
 * Looks through errors that wrap others, by `cause`, by the `errors` of an AggregateError, and by the
 * names that ORMs use. Does not look into errors of other clients: a ConnectError, a BusError, the
 * TypeError of `fetch`, and errors whose code is a number, as gRPC's.
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
  let unavailable = false;
  visitCauses(error, (one) => {
    const verdict = classify(one);
    unavailable ||= verdict === true;
    return verdict === undefined;
  });
  return unavailable;
}

/** Returns undefined for an error that neither proves nor excludes an unavailable database. */
function classify(error: object): boolean | undefined {
  const code = readText(error, "code");
  if (connectionCodes.has(code) || sqlStates.has(code) || tlsCode.test(code)) return true;
  // Covers a Unix socket that is missing or may not be opened, but no other file.
  if (/^(connect|getaddrinfo)$/.test(readText(error, "syscall"))) return true;
  if (isSqlState(code)) return isUnavailableState(code, error);
  if (foreignNames.has(readText(error, "name"))) return false;
  if (typeof readProperty(error, "code") === "number") return false;
  return driverMessage.test(readText(error, "message")) || undefined;
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code);
}

function isUnavailableState(code: string, error: object): boolean {
  // A fatal error ends the connection, so it is one of the connection: a pooler reports all of its own
  // like that. The exception is class 25, the timeouts of a transaction.
  const severity = readText(error, "severity");
  if (/^(FATAL|PANIC)$/.test(severity) && !code.startsWith("25")) return true;
  if (poolerMessage.test(readText(error, "message")) && /^(08P01|XX000)$/.test(code)) return true;
  // What is not fatal is a malformed message.
  return code !== "08P01" && sqlStateClass.test(code);
}

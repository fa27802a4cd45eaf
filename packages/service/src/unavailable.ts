const codes: ReadonlySet<string> = new Set([
  // The network, as Node names it.
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  // PostgreSQL: serialization failure, deadlock, too many connections, no lock in time, statement
  // timed out, server stopping, crashed or starting.
  "40001",
  "40P01",
  "53300",
  "55P03",
  "57014",
  "57P01",
  "57P02",
  "57P03",
  // An idle transaction was ended.
  "25P03",
]);

// What pg itself raises has no code.
const messages =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Query read timeout|Cannot use a pool after calling end|driver has already been destroyed)/i;

/**
 * isDatabaseUnavailable tells whether an error means that PostgreSQL cannot be reached, is busy or
 * undid the transaction for another's sake, so that the same work may succeed when it is done again.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && typeof error.code === "string") {
    return codes.has(error.code) || /^08\w{3}$/.test(error.code);
  }
  return messages.test(error.message);
}

import { Code, ConnectError } from "@connectrpc/connect";
import { isTransientDatabaseError, readErrorCode } from "@fanfare/database-errors";

/**
 * Converts an error of a route to the ConnectError that its caller receives. A ConnectError stays as
 * it is. A transient database error becomes `unavailable`, so that callers retry; text that
 * PostgreSQL cannot store becomes `invalid_argument`. Every other value that is thrown becomes `internal`
 * with a generic message. The cause is kept for the log.
 */
export function toConnectError(error: unknown): ConnectError {
  if (isConnectError(error)) return error;
  if (isTransientDatabaseError(error)) {
    return withCause("the database is unavailable: call again later", Code.Unavailable, error);
  }
  if (readErrorCode(error) === characterNotInRepertoire) {
    const message = "a text in the request contains the character U+0000: remove it";
    return withCause(message, Code.InvalidArgument, error);
  }
  return withCause("internal error: see the log of this service", Code.Internal, error);
}

/** A proxy that is revoked throws whatever it is asked. */
function isConnectError(error: unknown): error is ConnectError {
  try {
    return error instanceof ConnectError;
  } catch {
    return false;
  }
}

// A SQLSTATE. U+0000 is the only character of a JavaScript string that PostgreSQL cannot store.
const characterNotInRepertoire = "22021";

function withCause(message: string, code: Code, cause: unknown): ConnectError {
  return new ConnectError(message, code, undefined, undefined, cause);
}

import { Code, ConnectError } from "@connectrpc/connect";
import { isTransientDatabaseError } from "@fanfare/database-errors";

/**
 * toConnectError turns what a route threw into what its caller gets: a ConnectError as it is, a
 * database that cannot be used as unavailable, so that callers try again, a text that the database
 * cannot hold as invalid_argument, and anything else as internal without a word of what it was. The
 * cause is kept for the log.
 */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  if (isTransientDatabaseError(error)) {
    const message = "the database cannot do this right now: call again";
    return new ConnectError(message, Code.Unavailable, undefined, undefined, error);
  }
  if (isUnstorableText(error)) {
    const message = "a text in the request contains the character U+0000: send it without";
    return new ConnectError(message, Code.InvalidArgument, undefined, undefined, error);
  }
  return new ConnectError(
    "something unforeseen went wrong here; the log of this service says what",
    Code.Internal,
    undefined,
    undefined,
    error,
  );
}

// PostgreSQL's character_not_in_repertoire: U+0000 is the only character of a string it cannot hold.
function isUnstorableText(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "22021";
}

import { ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { findCause, formatReason, redactUrls } from "@fanfare/service";

/** An error of a command. Its message states what is wrong and what to do. */
export class CliError extends Error {
  override readonly name = "CliError";
}

/**
 * Formats any value that may be thrown, without credentials: a Connect error starts with its code, and a
 * CliError states all that a user needs.
 */
export function formatError(error: unknown): string {
  const known = findCause(error, isKnown);
  if (known !== error || known === undefined) return formatReason(error);
  if (known instanceof CliError) return redactUrls(known.message);
  const { rawMessage } = known;
  return redactUrls(
    rawMessage.startsWith("connect ECONNREFUSED")
      ? `${rawMessage}: is the stack running? "npm start" starts it`
      : `${codeToString(known.code)}: ${rawMessage}`,
  );
}

function isKnown(error: unknown): error is CliError | ConnectError {
  return error instanceof CliError || error instanceof ConnectError;
}

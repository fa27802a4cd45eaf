import { ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { redactUrls } from "@fanfare/service";

/** An error of a command. Its message states what is wrong and what to do. */
export class CliError extends Error {
  override readonly name = "CliError";
}

/** Formats an error as one line, without credentials: a Connect error starts with its code. */
export function formatError(error: unknown): string {
  return redactUrls(describeError(error));
}

function describeError(error: unknown): string {
  if (error instanceof ConnectError) {
    const { rawMessage } = error;
    return rawMessage.startsWith("connect ECONNREFUSED")
      ? `${rawMessage}: is the stack running? "npm start" starts it`
      : `${codeToString(error.code)}: ${rawMessage}`;
  }
  return error instanceof Error ? error.message : String(error);
}

import { Code, ConnectError } from "@connectrpc/connect";

/** Failure is something that a person has to know of; its message is one clear line. */
export class CliError extends Error {
  override readonly name = "Failure";
}

/** failureLine says in one line what went wrong. */
export function formatError(error: unknown): string {
  if (error instanceof ConnectError) {
    const { rawMessage } = error;
    return rawMessage.startsWith("connect ECONNREFUSED")
      ? `${rawMessage}: is the stack running? "npm start" starts it`
      : `${codeName(error)}: ${rawMessage}`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** codeName is a Connect code as it is on the wire, such as failed_precondition. */
function codeName(error: ConnectError): string {
  return Code[error.code].replaceAll(/(?!^)([A-Z])/g, "_$1").toLowerCase();
}

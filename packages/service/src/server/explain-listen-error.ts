import { readErrorCode } from "@fanfare/database-errors";
import type { ServeOptions } from "./serve-options.ts";

/** Returns an error that states why a server cannot use its port, and which variable chooses another. */
export function explainListenError(
  error: unknown,
  { host, port, portName = "PORT" }: Pick<ServeOptions, "host" | "port" | "portName">,
): Error {
  // Such as a certificate that cannot be read, which no other port helps.
  if (error instanceof Error && !("syscall" in error)) return error;
  const code = readErrorCode(error);
  const reason =
    code === "EADDRINUSE"
      ? `port ${port} on ${host} is in use: choose another with ${portName}=<port>, or stop its process`
      : code === "EACCES"
        ? `port ${port} on ${host} requires privileges: choose one above 1023 with ${portName}=<port>`
        : `cannot listen on ${host}, port ${port}: choose another address with HOST and ${portName}`;
  return new Error(reason, { cause: error });
}

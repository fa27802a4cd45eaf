import { BusError } from "../error.ts";

/**
 * Returns an error with a readable message for anything that was thrown: an Error that has one as it is, and
 * anything else as the cause of a BusError `internal`: a revoked proxy, an Error whose message throws, or
 * the AggregateError with an empty message that Node.js throws when no address of a host answers.
 */
export function readError(reason: unknown): Error {
  try {
    if (reason instanceof Error && typeof reason.message === "string") {
      if (reason.message !== "") return reason;
    }
  } catch {
    // What cannot even be inspected is described by BusError.from.
  }
  return BusError.from(reason);
}

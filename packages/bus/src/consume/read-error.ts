import { BusError } from "../error.ts";

/**
 * Returns an error with a readable message for anything that was thrown: an Error as it is, and anything
 * else, such as a revoked proxy or an Error whose message throws, as the cause of a BusError `internal`.
 */
export function readError(reason: unknown): Error {
  try {
    if (reason instanceof Error && typeof reason.message === "string") return reason;
  } catch {
    // What cannot even be inspected is described by BusError.from.
  }
  return BusError.from(reason);
}

import { JetStreamApiCodes, JetStreamError } from "@nats-io/jetstream";
import { hasNoResponders, readApiCode } from "./to-bus-error.ts";

/** Returns whether an error states that a stream, or a message in it, does not exist. */
export function isNotFound(reason: unknown): boolean {
  const code = readApiCode(reason);
  if (code !== undefined) {
    return code === JetStreamApiCodes.StreamNotFound || code === JetStreamApiCodes.NoMessageFound;
  }
  return reason instanceof JetStreamError && "code" in reason && reason.code === 404;
}

/**
 * Returns whether nothing answers for a stream: it does not exist, or has no leader at the moment.
 * Status 503 counts as no responders do.
 */
export function isUnanswered(reason: unknown): boolean {
  if (hasNoResponders(reason)) return true;
  return reason instanceof JetStreamError && "code" in reason && reason.code === 503;
}

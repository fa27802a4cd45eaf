import { JetStreamApiCodes, JetStreamApiError, JetStreamError } from "@nats-io/jetstream";
import { errors } from "@nats-io/nats-core";

/**
 * Returns whether an error means that a stream, or a message in it, does not exist. No responders and
 * status 503 count: nothing subscribes to the subject of a stream that is missing.
 */
export function isNotFound(reason: unknown): boolean {
  if (reason instanceof JetStreamApiError) {
    return (
      reason.code === JetStreamApiCodes.StreamNotFound ||
      reason.code === JetStreamApiCodes.NoMessageFound
    );
  }
  if (reason instanceof errors.NoRespondersError) return true;
  if (reason instanceof errors.RequestError) return reason.isNoResponders();
  if (reason instanceof JetStreamError) {
    return "code" in reason && (reason.code === 404 || reason.code === 503);
  }
  return reason instanceof Error && reason.name === "JetStreamNotEnabled";
}

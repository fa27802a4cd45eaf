import { type Appended, BusError } from "@fanfare/bus";
import { type ApiError, JetStreamApiError } from "@nats-io/jetstream";
import type { Msg } from "@nats-io/nats-core";
import { toBusError } from "../connection/to-bus-error.ts";

/** The reply of a stream to a publish. */
interface PubAck {
  readonly error?: ApiError;
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
}

/**
 * Parses the reply to a publish. Returns an error when the stream refused the message, or when
 * something other than `stream` received it.
 */
export function parsePubAck(
  reply: Pick<Msg, "json">,
  { stream, subject }: { readonly stream: string; readonly subject: string },
): Appended | BusError {
  const ack = parseJson(reply);
  if (ack?.error !== undefined) {
    return toBusError(new JetStreamApiError(ack.error), `cannot publish to ${subject}`);
  }
  if (ack?.seq === undefined || ack.stream === undefined) {
    const message = `expected the reply of stream ${stream} to ${subject}, got the reply of another subscriber: keep others off this subject`;
    return new BusError("internal", message);
  }
  if (ack.stream !== stream) {
    return new BusError(
      "drift",
      `${subject} is stored by stream ${ack.stream}, expected ${stream}: remove the subject from ${ack.stream}`,
    );
  }
  return { duplicate: ack.duplicate ?? false, sequence: ack.seq };
}

/** Returns undefined for what is no JSON: any subscriber of the subject may have replied. */
function parseJson(reply: Pick<Msg, "json">): PubAck | undefined {
  try {
    return reply.json<PubAck>();
  } catch {
    return undefined;
  }
}

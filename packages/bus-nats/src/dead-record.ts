import type { StoredRecord } from "@fanfare/bus";
import {
  JetStreamApiCodes,
  JetStreamApiError,
  JetStreamError,
  type StoredMsg,
} from "@nats-io/jetstream";
import { errors } from "@nats-io/nats-core";
import { topicOfDead } from "./dead-subject.ts";
import { decodeHeaders } from "./headers.ts";

/** storedRecordOf makes a record of a message that was read back from a group's dead letters. */
export function storedRecordOf(
  message: StoredMsg,
  { prefix, group }: { readonly prefix: string; readonly group: string },
): StoredRecord {
  return {
    topic: topicOfDead(prefix, group, message.subject),
    headers: decodeHeaders({ headers: message.header }),
    data: new Uint8Array(message.data),
    sequence: message.seq,
    storedAt: message.time.getTime(),
  };
}

/** isMissing says that a stream, or a message in it, is not there: nobody takes what is asked of it. */
export function isMissing(reason: unknown): boolean {
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

import type { StoredRecord } from "@fanfare/bus";
import type { StoredMsg } from "@nats-io/jetstream";
import type { HeaderDecoder } from "../wire/headers.ts";
import { parseDeadLetterTopic } from "./dead-letter-subject.ts";

/** Where a dead letter was read. */
export interface DeadLetterOrigin {
  readonly prefix: string;
  readonly group: string;
}

/** Decodes a message that was read from the dead letters of a group. */
export function decodeDeadLetter(
  message: StoredMsg,
  { prefix, group }: DeadLetterOrigin,
  decodeHeaders: HeaderDecoder,
): StoredRecord {
  return {
    topic: parseDeadLetterTopic(prefix, group, message.subject),
    headers: decodeHeaders({ headers: message.header }),
    data: new Uint8Array(message.data),
    sequence: message.seq,
    storedAt: message.time.getTime(),
  };
}

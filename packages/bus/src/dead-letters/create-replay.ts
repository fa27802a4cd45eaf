import type { NewRecord, StoredRecord } from "../broker.ts";
import { readEncodedId } from "../wire/read-header.ts";
import { deadLetterPrefix } from "./dead-letter-headers.ts";

/** Creates the record that replays a dead letter: its event, without the headers of the dead letter. */
export function createReplay({ topic, sequence, headers, data }: StoredRecord): NewRecord {
  const original = Object.entries(headers).filter(([name]) => !name.startsWith(deadLetterPrefix));
  const id = `${sequence}/${readEncodedId({ headers })}`;
  return { topic, id, partition: 0, headers: Object.fromEntries(original), data };
}

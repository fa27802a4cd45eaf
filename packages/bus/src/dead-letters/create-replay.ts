import type { NewRecord, StoredRecord } from "../broker.ts";
import { readId } from "../wire/read-header.ts";
import { deadLetterPrefix } from "./dead-letter-headers.ts";

/** Creates the record that replays a dead letter: its event, without the headers of the dead letter. */
export function createReplay({ topic, sequence, headers, data }: StoredRecord): NewRecord {
  const original = Object.entries(headers).filter(([name]) => !name.startsWith(deadLetterPrefix));
  const replay = { topic, partition: 0, headers: Object.fromEntries(original), data };
  return { ...replay, id: `${sequence}/${readId({ ...replay, sequence, storedAt: 0 })}` };
}

import type { StoredRecord } from "../broker.ts";
import { decodeHeaderValue } from "./header-value.ts";

/** Returns the value of a record's header, decoded; undefined when the record lacks it. */
export function readHeader({ headers }: StoredRecord, name: string): string | undefined {
  const value = headers[name];
  return value === undefined ? undefined : decodeHeaderValue(value);
}

/** Returns the key of a record without decoding its payload; undefined when it has none. */
export function readKey(record: StoredRecord): string | undefined {
  return readHeader(record, "ce-partitionkey");
}

/** Returns the id of a record for logs and errors; `<topic>#<sequence>` when it carries none. */
export function readId(record: StoredRecord): string {
  return readHeader(record, "ce-id") ?? `${record.topic}#${record.sequence}`;
}

/**
 * Returns the start of a record's id, still encoded, for the ids of records that derive from it: other
 * publishers use ids that no header can carry decoded, and longer ones.
 */
export function readEncodedId({ headers }: Pick<StoredRecord, "headers">): string {
  return headers["ce-id"]?.slice(0, 256) ?? "";
}

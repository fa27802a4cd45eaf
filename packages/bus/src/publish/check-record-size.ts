import type { NewRecord } from "../broker.ts";
import { deadLetterOverheadBytes } from "../dead-letters/encode-dead-letter.ts";
import { BusError } from "../error.ts";
import { measureRecord } from "../wire/measure-record.ts";

/** Who limits the size of records. */
export interface RecordLimit {
  /** Appears in the error: "the jetstream broker". */
  readonly name: string;
  /** The largest record, payload and headers, in bytes. */
  readonly maxRecordBytes: number;
}

/**
 * Returns a record that fits the limit, as its dead letter does too. Throws `too_large`.
 *
 * @example
 * import { create } from "@bufbuild/protobuf";
 *
 * const topic = readTopic(NoteEvents.method.noteWritten);
 * const note = create(NoteSchema, { author: "ada" });
 * const record = encodeEvent(topic, note, { source: "//notes", now: Date.now() });
 * checkRecordSize(record, { name: "the archive", maxRecordBytes: 65_536 });
 */
export function checkRecordSize(
  record: NewRecord,
  { name, maxRecordBytes }: RecordLimit,
): NewRecord {
  const bytes = measureRecord(record);
  const maxBytes = maxRecordBytes - deadLetterOverheadBytes;
  if (bytes <= maxBytes) return record;
  throw new BusError(
    "too_large",
    `event ${record.id} has ${bytes} bytes, the limit is ${maxBytes}: ${name} stores up to ${maxRecordBytes}, of which ${deadLetterOverheadBytes} are reserved for dead letters`,
  );
}

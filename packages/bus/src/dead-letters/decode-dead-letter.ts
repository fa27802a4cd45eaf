import type { StoredRecord } from "../broker.ts";
import { decodeAttributes } from "../wire/attributes.ts";
import { decodeCustomHeaders } from "../wire/custom-headers.ts";
import { readHeader, readId, readKey } from "../wire/read-header.ts";
import type { DeadLetter } from "./dead-letter.ts";
import type { DeadLetterCause } from "./dead-letter-cause.ts";
import { deadLetterHeaders } from "./dead-letter-headers.ts";

const causes: readonly DeadLetterCause[] = ["undecodable", "permanent", "attempts", "poison"];

/** Decodes the record of a dead letter. Attributes that the record lacks are undefined. */
export function decodeDeadLetter(group: string, record: StoredRecord): DeadLetter {
  const { headers, topic, sequence, data, storedAt } = record;
  return {
    group,
    sequence,
    topic,
    id: readId(record),
    key: readKey(record),
    type: readHeader(record, "ce-type"),
    time: parseDate(headers["ce-time"]),
    source: readHeader(record, "ce-source"),
    attributes: decodeAttributes(headers),
    headers: decodeCustomHeaders(headers),
    cause: causes.find((cause) => cause === headers[deadLetterHeaders.cause]) ?? "attempts",
    error: readHeader(record, deadLetterHeaders.error) ?? "",
    attempts: Number(headers[deadLetterHeaders.attempts] ?? 0),
    deadLetteredAt: parseDate(headers[deadLetterHeaders.time]) ?? new Date(storedAt),
    data,
  };
}

function parseDate(text: string | undefined): Date | undefined {
  const date = new Date(text ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

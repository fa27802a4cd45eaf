import type { NewRecord, StoredRecord } from "../broker.ts";
import { describeReason } from "../kit/describe-reason.ts";
import { encodeHeaderValue } from "../wire/header-value.ts";
import { readEncodedId } from "../wire/read-header.ts";
import type { DeadLetterCause } from "./dead-letter-cause.ts";
import { deadLetterHeaders } from "./dead-letter-headers.ts";

/** Why and when a group dead-letters an event. */
export interface DeadLetterDetails {
  readonly group: string;
  readonly cause: DeadLetterCause;
  readonly error: Error;
  readonly attempts: number;
  /** In milliseconds since the Unix epoch. */
  readonly at: number;
}

/**
 * How many bytes a dead letter may add to its event. The bus rejects events within this distance of
 * the broker's limit as `too_large`, so that every stored event fits as a dead letter.
 */
export const deadLetterOverheadBytes = 2_048;

const maxErrorBytes = 600;

/** Encodes an event as a dead letter: the record itself, with the details in additional headers. */
export function encodeDeadLetter(record: StoredRecord, details: DeadLetterDetails): NewRecord {
  const { topic, sequence, headers, data } = record;
  return {
    topic,
    // With the sequence: an event with the same id, published outside the dedupe window, is another one.
    id: `${details.group}/${topic}/${sequence}/${readEncodedId(record)}`,
    partition: 0,
    headers: {
      ...headers,
      [deadLetterHeaders.cause]: details.cause,
      [deadLetterHeaders.error]: encodeError(describeReason(details.error)),
      [deadLetterHeaders.attempts]: String(details.attempts),
      [deadLetterHeaders.time]: new Date(details.at).toISOString(),
    },
    data,
  };
}

/** Shortens the message until it fits encoded, and replaces surrogates that the cut left alone. */
function encodeError(message: string): string {
  let kept = message.slice(0, maxErrorBytes);
  for (;;) {
    const end = kept.length < message.length ? "…" : "";
    const encoded = encodeHeaderValue(`${kept}${end}`.toWellFormed());
    if (encoded.length <= maxErrorBytes) return encoded;
    kept = kept.slice(0, Math.floor(kept.length * 0.9));
  }
}

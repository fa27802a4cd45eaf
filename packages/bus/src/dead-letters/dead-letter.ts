import type { NewRecord, StoredRecord } from "../broker.ts";
import type { DeadLetterCause } from "../consume/outcome.ts";
import { ownHeaders, readId, readKey } from "../wire/envelope.ts";
import { decodeHeaderValue, encodeHeaderValue } from "../wire/header-value.ts";

/** DeadLetter is an event that a group has given up, as it was, and why. */
export interface DeadLetter {
  readonly group: string;
  /** Its place among the group's dead letters: what it is read, replayed and discarded by. */
  readonly sequence: number;
  readonly topic: string;
  readonly id: string;
  readonly key: string | undefined;
  /** The full name of its message, where it says one. */
  readonly type: string | undefined;
  /** When it was published, as it says itself. */
  readonly time: Date | undefined;
  readonly source: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** undecodable, permanent, attempts (used up), or poison: handed out far beyond its attempts. */
  readonly cause: DeadLetterCause;
  /** What its handler threw last. */
  readonly error: string;
  readonly attempts: number;
  readonly deadLetteredAt: Date;
  /** The message, as it was published. */
  readonly data: Uint8Array;
}

/** Death is why and when a group gave an event up. */
export interface Death {
  readonly group: string;
  readonly cause: DeadLetterCause;
  readonly error: Error;
  readonly attempts: number;
  /** In milliseconds since the Unix epoch. */
  readonly at: number;
}

/**
 * deadLetterRoom is by how many bytes a dead letter may be larger than its event. An event has to be
 * smaller than its broker's limit by as many, or it could not be given up.
 */
export const deadLetterRoom = 2_048;
/** Of the error, as it is encoded. */
const errorLimit = 600;
const prefix = "fanfare-dead-";
const causes: readonly DeadLetterCause[] = ["undecodable", "permanent", "attempts", "poison"];

/** sealDeadLetter makes the record of an event that is given up: all of it, with why in headers. */
export function encodeDeadLetter(record: StoredRecord, death: Death): NewRecord {
  const { topic, sequence, headers, data } = record;
  return {
    topic,
    // Of the event's place too: published again outside the window it may die again.
    id: `${death.group}/${topic}/${sequence}/${readId(record)}`,
    partition: 0,
    headers: {
      ...headers,
      [`${prefix}cause`]: death.cause,
      [`${prefix}error`]: encodeError(death.error.message),
      [`${prefix}attempts`]: String(death.attempts),
      [`${prefix}time`]: new Date(death.at).toISOString(),
    },
    data,
  };
}

/** openDeadLetter reads a dead letter back. */
export function decodeDeadLetter(group: string, record: StoredRecord): DeadLetter {
  const { headers, topic, sequence, data, storedAt } = record;
  const text = (name: string) => {
    const value = headers[name];
    return value === undefined ? undefined : decodeHeaderValue(value);
  };
  return {
    group,
    sequence,
    topic,
    id: readId(record),
    key: readKey(record),
    type: text("ce-type"),
    time: dateOf(headers["ce-time"]),
    source: text("ce-source"),
    headers: ownHeaders(headers),
    cause: causes.find((cause) => cause === headers[`${prefix}cause`]) ?? "attempts",
    error: text(`${prefix}error`) ?? "",
    attempts: Number(headers[`${prefix}attempts`] ?? 0),
    deadLetteredAt: dateOf(headers[`${prefix}time`]) ?? new Date(storedAt),
    data,
  };
}

/** replayOf makes the record of a dead letter as the event that it was. */
export function createReplay({ topic, sequence, headers, data }: StoredRecord): NewRecord {
  const original = Object.entries(headers).filter(([name]) => !name.startsWith(prefix));
  const replay = { topic, partition: 0, headers: Object.fromEntries(original), data };
  return { ...replay, id: `${sequence}/${readId({ ...replay, sequence, storedAt: 0 })}` };
}

function dateOf(text: string | undefined): Date | undefined {
  const date = new Date(text ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Characters are cut off until the rest fits; surrogates cut in half could not be encoded. */
function encodeError(message: string): string {
  let kept = message.slice(0, errorLimit);
  for (;;) {
    const end = kept.length < message.length ? "…" : "";
    const encoded = encodeHeaderValue(`${kept}${end}`.toWellFormed());
    if (encoded.length <= errorLimit) return encoded;
    kept = kept.slice(0, Math.floor(kept.length * 0.9));
  }
}

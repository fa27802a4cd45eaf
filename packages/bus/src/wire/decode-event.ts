import { type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import type { StoredRecord } from "../broker.ts";
import { BusError } from "../error.ts";
import type { Topic } from "../topic.ts";
import { decodeAttributes } from "./attributes.ts";
import { decodeCustomHeaders } from "./custom-headers.ts";
import { contentType, type Envelope, isProtobuf } from "./envelope.ts";
import { decodeHeaderValue } from "./header-value.ts";
import { readHeader, readId, readKey } from "./read-header.ts";

/** A message and its envelope, decoded from a record. */
export interface DecodedEvent {
  readonly message: Message;
  readonly envelope: Envelope;
}

/**
 * Decodes a stored record. `parseTime` parses `ce-time` into milliseconds since the Unix epoch.
 * Throws `undecodable` when a required header is missing, or the type, the content type, the time or
 * the payload is not that of the topic.
 */
export function decodeEvent(
  topic: Topic,
  record: StoredRecord,
  parseTime: (time: string) => number = Date.parse,
): DecodedEvent {
  const { headers } = record;
  const id = readRequiredHeader(record, "ce-id");
  const type = readRequiredHeader(record, "ce-type");
  if (type !== topic.schema.typeName) {
    throw createUndecodableError(record, `expected type ${topic.schema.typeName}, got ${type}`);
  }
  const declared = readHeader(record, "ce-datacontenttype");
  if (declared !== undefined && !isProtobuf(declared)) {
    throw createUndecodableError(record, `expected content type ${contentType}, got ${declared}`);
  }
  const source = readRequiredHeader(record, "ce-source");
  const time = headers["ce-time"];
  const parsed = time === undefined ? record.storedAt : parseTime(time);
  if (Number.isNaN(parsed)) {
    throw createUndecodableError(record, `expected an RFC 3339 time in ce-time, got "${time}"`);
  }
  return {
    message: decodePayload(topic.schema, record),
    envelope: {
      id,
      topic: record.topic,
      key: readKey(record),
      time: new Date(parsed),
      source,
      attributes: decodeAttributes(headers),
      headers: decodeCustomHeaders(headers),
    },
  };
}

/** Returns whether a record has a type, and not that of the topic. */
export function hasOtherType({ schema }: Topic, { headers }: StoredRecord): boolean {
  const type = headers["ce-type"] ?? "";
  return type !== "" && decodeHeaderValue(type) !== schema.typeName;
}

function readRequiredHeader(record: StoredRecord, name: string): string {
  const value = record.headers[name];
  if (value === undefined || value === "") {
    throw createUndecodableError(record, `the header ${name} is missing`);
  }
  return decodeHeaderValue(value);
}

function decodePayload(schema: DescMessage, record: StoredRecord): Message {
  try {
    return fromBinary(schema, record.data);
  } catch (reason) {
    const why = `the payload is not a ${schema.typeName}: ${BusError.from(reason).message}`;
    throw createUndecodableError(record, why, reason);
  }
}

function createUndecodableError(record: StoredRecord, why: string, cause?: unknown): BusError {
  const { topic, sequence } = record;
  const what = `cannot decode event ${readId(record)} of ${topic} (sequence ${sequence}): ${why}`;
  return new BusError("undecodable", what, { cause });
}

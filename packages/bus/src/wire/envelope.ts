import {
  type DescMessage,
  fromBinary,
  isMessage,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import type { NewRecord, StoredRecord } from "../broker.ts";
import type { PublishOptions } from "../bus.ts";
import { BusError } from "../error.ts";
import type { Topic } from "../topic.ts";
import type { EncodedMessage } from "./encoded.ts";
import { decodeHeaderValue, encodeHeaderValue } from "./header-value.ts";
import { partitionOf } from "./partition.ts";

/** Envelope is what travels around a message. */
export interface Envelope {
  readonly id: string;
  readonly topic: string;
  readonly key: string | undefined;
  readonly time: Date;
  readonly source: string;
  /** The publisher's own headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Opened is an event as it came out of a record. */
export interface Opened {
  readonly message: Message;
  readonly envelope: Envelope;
}

export interface EncodeOptions extends Pick<PublishOptions, "id" | "headers" | "time"> {
  readonly source: string;
  /** When it happened, unless `time` says otherwise, in milliseconds since the Unix epoch. */
  readonly now: number;
  /** What writes a time as ISO 8601. */
  readonly formatTime?: (time: number) => string;
}

const specVersion = "1.0";
const contentType = "application/protobuf";
const idLimit = 256;
const headerName = /^[a-z0-9!#$&'*+.^_`|~-]+$/;

/**
 * seal makes the record of a message: binary protobuf, under the headers of CloudEvents' binary
 * mode as its NATS binding 1.0.3 has them. Throws `invalid_argument`.
 */
export function encodeEvent(topic: Topic, message: Message, options: EncodeOptions): NewRecord {
  const data = encode(topic.schema, message);
  return encodeEnvelope(topic, { data, key: topic.keyOf(message) }, options);
}

/** sealEncoded is seal for a message that is encoded already. Throws `invalid_argument`. */
export function encodeEnvelope(
  topic: Topic,
  { data, key }: Pick<EncodedMessage, "data" | "key">,
  options: EncodeOptions,
): NewRecord {
  const id = options.id ?? crypto.randomUUID();
  if (id === "" || id.length > idLimit || !id.isWellFormed()) {
    throw new BusError("invalid_argument", `an event's id has 1 to ${idLimit} characters`);
  }
  const time = options.time?.getTime() ?? options.now;
  if (Number.isNaN(time)) {
    throw new BusError("invalid_argument", `the time of event ${id} is an invalid date`);
  }
  const headers: Record<string, string> = {
    "ce-specversion": specVersion,
    "ce-id": encodeHeaderValue(id),
    "ce-type": topic.schema.typeName,
    "ce-source": encodeHeaderValue(options.source),
    "ce-time": (options.formatTime ?? formatTime)(time),
    "ce-datacontenttype": contentType,
    "ce-topic": topic.name,
  };
  if (key !== undefined) headers["ce-partitionkey"] = encodeHeaderValue(key);
  if (options.headers !== undefined) addOwnHeaders(headers, options.headers);
  return { topic: topic.name, id, partition: partitionOf(key), headers, data };
}

/** formatTime writes milliseconds since the Unix epoch as ISO 8601. */
export function formatTime(time: number): string {
  return new Date(time).toISOString();
}

/**
 * open reads a stored record back. `parseTime` reads a time into milliseconds since the Unix epoch.
 * Throws `undecodable`.
 */
export function decodeEvent(
  topic: Topic,
  record: StoredRecord,
  parseTime: (time: string) => number = Date.parse,
): Opened {
  const { headers } = record;
  const id = required(record, "ce-id");
  const type = required(record, "ce-type");
  if (type !== topic.schema.typeName) {
    throw undecodable(record, `it is a ${type}, the topic has ${topic.schema.typeName}`);
  }
  const declared = headers["ce-datacontenttype"];
  if (declared !== undefined && declared !== contentType) {
    throw undecodable(record, `its content type is ${declared}, not ${contentType}`);
  }
  const source = required(record, "ce-source");
  const time = headers["ce-time"];
  const parsed = time === undefined ? record.storedAt : parseTime(time);
  if (Number.isNaN(parsed)) throw undecodable(record, `its ce-time is "${time}"`);
  return {
    message: decode(topic.schema, record),
    envelope: {
      id,
      topic: record.topic,
      key: readKey(record),
      time: new Date(parsed),
      source,
      headers: ownHeaders(headers),
    },
  };
}

/** keyOf reads a record's key without decoding the record. */
export function readKey(record: StoredRecord): string | undefined {
  const key = record.headers["ce-partitionkey"];
  return key === undefined ? undefined : decodeHeaderValue(key);
}

/** idOf names a record for people, also where it carries no id. */
export function readId(record: StoredRecord): string {
  const id = record.headers["ce-id"];
  return id === undefined ? `${record.topic}#${record.sequence}` : decodeHeaderValue(id);
}

function encode(schema: DescMessage, message: Message): Uint8Array {
  if (!isMessage(message, schema)) {
    throw new BusError("invalid_argument", `the message is no ${schema.typeName}`);
  }
  try {
    return toBinary(schema, message);
  } catch (reason) {
    throw new BusError(
      "invalid_argument",
      `the ${schema.typeName} cannot be encoded: ${BusError.from(reason).message}`,
      { cause: reason },
    );
  }
}

function decode(schema: DescMessage, record: StoredRecord): Message {
  try {
    return fromBinary(schema, record.data);
  } catch (reason) {
    throw undecodable(record, `${schema.typeName}: ${BusError.from(reason).message}`, reason);
  }
}

function addOwnHeaders(
  headers: Record<string, string>,
  own: Readonly<Record<string, string>>,
): void {
  for (const [given, value] of Object.entries(own)) {
    const name = given.toLowerCase();
    if (!headerName.test(name) || isReserved(name)) {
      throw new BusError(
        "invalid_argument",
        `the header "${given}" cannot be sent: use letters, digits and dashes, and none of ce-, nats- and fanfare- in front`,
      );
    }
    if (!value.isWellFormed()) {
      throw new BusError("invalid_argument", `the header "${given}" is no well-formed text`);
    }
    headers[name] = encodeHeaderValue(value);
  }
}

/** ownHeaders are the publisher's own headers, decoded. */
export function ownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const own: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !isReserved(name)) own[name] = decodeHeaderValue(value);
  }
  return own;
}

function isReserved(name: string): boolean {
  return name.startsWith("ce-") || name.startsWith("nats-") || name.startsWith("fanfare-");
}

function required(record: StoredRecord, name: string): string {
  const value = record.headers[name];
  if (value === undefined || value === "") throw undecodable(record, `it has no ${name}`);
  return decodeHeaderValue(value);
}

function undecodable(record: StoredRecord, why: string, cause?: unknown): BusError {
  const what = `event ${readId(record)} of ${record.topic} (${record.sequence}) cannot be read: ${why}`;
  return new BusError("undecodable", what, { cause });
}

import type { NewRecord } from "../broker.ts";
import { BusError } from "../error.ts";
import type { PublishOptions } from "../publish/publish-options.ts";
import type { Topic } from "../topic.ts";
import { computePartition } from "./compute-partition.ts";
import { addCustomHeaders } from "./custom-headers.ts";
import type { EncodedMessage } from "./encoded-message.ts";
import { contentType, specVersion } from "./envelope.ts";
import { encodeHeaderValue } from "./header-value.ts";

/** What the envelope of a record is made from, beside the message. */
export interface EncodeOptions extends Pick<PublishOptions, "id" | "headers" | "time"> {
  /** Who publishes the event: a URI reference such as `//trips.example.com`. */
  readonly source: string;
  /** The event's time when `time` is left out, in milliseconds since the Unix epoch. */
  readonly now: number;
  /** Formats milliseconds since the Unix epoch as ISO 8601. Default: `Date.prototype.toISOString`. */
  readonly formatTime?: (time: number) => string;
}

const maxIdLength = 256;

/**
 * Creates the record of an encoded message: its payload, and the headers of CloudEvents 1.0 in
 * binary mode. Throws `invalid_argument` for an id, a time or a header that no broker can carry.
 */
export function createRecord(
  topic: Topic,
  { data, key }: Pick<EncodedMessage, "data" | "key">,
  options: EncodeOptions,
): NewRecord {
  const id = options.id ?? crypto.randomUUID();
  if (id === "" || id.length > maxIdLength || !id.isWellFormed()) {
    throw new BusError(
      "invalid_argument",
      `expected an event id of 1 to ${maxIdLength} well-formed characters, got ${describeId(id)}`,
    );
  }
  const time = options.time?.getTime() ?? options.now;
  if (Number.isNaN(time)) {
    throw new BusError(
      "invalid_argument",
      `expected a valid date as the time of event ${id}, got an invalid one`,
    );
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
  if (options.headers !== undefined) addCustomHeaders(headers, options.headers);
  return { topic: topic.name, id, partition: computePartition(key), headers, data };
}

/** Formats milliseconds since the Unix epoch as ISO 8601. */
export function formatTime(time: number): string {
  return new Date(time).toISOString();
}

function describeId(id: string): string {
  if (id === "") return "an empty string";
  return id.isWellFormed() ? `${id.length} characters` : "a lone surrogate";
}

import type { NewRecord } from "../broker.ts";
import type { PublishOptions } from "../publish/publish-options.ts";
import type { Topic } from "../topic.ts";
import { addAttributes } from "./attributes.ts";
import { checkHeaderSize, checkId, checkKey, checkTime } from "./check-portable.ts";
import { computePartition } from "./compute-partition.ts";
import { addCustomHeaders } from "./custom-headers.ts";
import type { EncodedMessage } from "./encoded-message.ts";
import { contentType, specVersion } from "./envelope.ts";
import { encodeHeaderValue } from "./header-value.ts";

/** What the envelope of a record is made from, beside the message. */
export interface EncodeOptions
  extends Pick<PublishOptions, "id" | "attributes" | "headers" | "time"> {
  /** Who publishes the event: a URI reference such as `//trips.example.com`. */
  readonly source: string;
  /** The event's time when `time` is left out, in milliseconds since the Unix epoch. */
  readonly now: number;
  /** Formats milliseconds since the Unix epoch as ISO 8601. Default: `Date.prototype.toISOString`. */
  readonly formatTime?: (time: number) => string;
}

/**
 * Creates the record of an encoded message: its payload, and the headers of CloudEvents 1.0 in
 * binary mode. Throws `invalid_argument` for an id, a key, a time, an attribute or a header that some broker cannot
 * carry.
 */
export function createRecord(
  topic: Topic,
  { data, key = "" }: Pick<EncodedMessage, "data" | "key">,
  options: EncodeOptions,
): NewRecord {
  const id = checkId(options.id ?? crypto.randomUUID());
  const time = options.time === undefined ? options.now : checkTime(options.time, id);
  const headers: Record<string, string> = {
    "ce-specversion": specVersion,
    "ce-id": encodeHeaderValue(id),
    "ce-type": topic.schema.typeName,
    "ce-source": encodeHeaderValue(options.source),
    "ce-time": (options.formatTime ?? formatTime)(time),
    "ce-datacontenttype": contentType,
    "ce-topic": topic.name,
  };
  if (key !== "") headers["ce-partitionkey"] = encodeHeaderValue(checkKey(key, id));
  if (options.attributes !== undefined) addAttributes(headers, options.attributes);
  if (options.headers !== undefined) addCustomHeaders(headers, options.headers);
  checkHeaderSize(headers, id);
  return { topic: topic.name, id, partition: computePartition(key), headers, data };
}

/** Formats milliseconds since the Unix epoch as ISO 8601. */
export function formatTime(time: number): string {
  return new Date(time).toISOString();
}

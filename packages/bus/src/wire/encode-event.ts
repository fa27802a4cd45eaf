import { type DescMessage, isMessage, type Message, toBinary } from "@bufbuild/protobuf";
import type { NewRecord } from "../broker.ts";
import { BusError } from "../error.ts";
import type { Topic } from "../topic.ts";
import { createRecord, type EncodeOptions } from "./create-record.ts";

/**
 * Encodes a message and its envelope as the record that a broker stores. An outbox uses it to encode
 * an event now and publish it later. Throws `invalid_argument` for a message of another type, one
 * that protobuf cannot encode, and an id, a key, a time, an attribute or a header that some broker cannot carry.
 *
 * @example
 * ```ts
 * import { create } from "@bufbuild/protobuf";
 *
 * const topic = readTopic(NoteEvents.method.noteWritten);
 * const note = create(NoteSchema, { author: "ada", number: 7 });
 * const record = encodeEvent(topic, note, { id: "note/7", source: "//notes", now: Date.now() });
 * console.log(record.headers["ce-type"], record.data.byteLength);
 * ```
 */
export function encodeEvent(topic: Topic, message: Message, options: EncodeOptions): NewRecord {
  const data = encodePayload(topic.schema, message);
  return createRecord(topic, { data, key: topic.readKey(message) }, options);
}

function encodePayload(schema: DescMessage, message: Message): Uint8Array {
  const given: unknown = message;
  if (!isMessage(given, schema)) {
    const found = isMessage(given) ? given.$typeName : typeof given;
    throw new BusError(
      "invalid_argument",
      `expected a message of type ${schema.typeName}, got ${found}`,
    );
  }
  try {
    return toBinary(schema, message);
  } catch (reason) {
    throw new BusError(
      "invalid_argument",
      `protobuf cannot encode the ${schema.typeName}: ${BusError.from(reason).message}`,
      { cause: reason },
    );
  }
}

import { type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { BusError } from "../error.ts";

/** A message as bytes, with the attributes that the bus otherwise reads from the message. */
export interface EncodedMessage {
  /** The full name of the message's type, such as `trips.v1.TripCompleted`. */
  readonly type: string;
  /** Binary protobuf. Must not change after it is passed. */
  readonly data: Uint8Array;
  /** The event's key, as `readTopic(method).keyOf` returns it. */
  readonly key: string | undefined;
}

/**
 * Checks an encoded message without decoding it: its type name, and that every field ends where its
 * tag and length state. Throws `undecodable`.
 */
export function checkEncodedMessage(schema: DescMessage, encoded: EncodedMessage): void {
  checkType(schema, encoded);
  const reader = new BinaryReader(encoded.data);
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      reader.skip(wireType, number);
    }
  } catch (reason) {
    throw createUndecodableError(encoded, reason);
  }
}

/** Decodes an encoded message. Throws `undecodable`. */
export function decodeMessage(schema: DescMessage, encoded: EncodedMessage): Message {
  checkType(schema, encoded);
  try {
    return fromBinary(schema, encoded.data);
  } catch (reason) {
    throw createUndecodableError(encoded, reason);
  }
}

function checkType({ typeName }: DescMessage, { type }: EncodedMessage): void {
  if (type === typeName) return;
  throw new BusError("undecodable", `expected a message of type ${typeName}, got ${type}`);
}

function createUndecodableError({ type }: EncodedMessage, cause: unknown): BusError {
  const why = BusError.from(cause).message;
  return new BusError("undecodable", `the bytes are not a valid ${type}: ${why}`, { cause });
}

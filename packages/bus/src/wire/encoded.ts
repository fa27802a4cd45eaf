import { type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { BusError } from "../error.ts";

/** EncodedMessage is a message as bytes, with what the bus otherwise reads from the message itself. */
export interface EncodedMessage {
  /** The full name of its type. */
  readonly type: string;
  /** Binary protobuf. Not to be changed afterwards. */
  readonly data: Uint8Array;
  /** The event's key, as `readTopic(method).keyOf` gives it. */
  readonly key: string | undefined;
}

/**
 * checkEncoded sees that the bytes are those of a type, as far as can be told without decoding them:
 * by its name, and by each field ending where it says. Throws `undecodable`.
 */
export function checkEncoded(schema: DescMessage, encoded: EncodedMessage): void {
  checkType(schema, encoded);
  const reader = new BinaryReader(encoded.data);
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      reader.skip(wireType, number);
    }
  } catch (reason) {
    throw undecodable(encoded, reason);
  }
}

/** decode makes a message of the bytes. Throws `undecodable`. */
export function decode(schema: DescMessage, encoded: EncodedMessage): Message {
  checkType(schema, encoded);
  try {
    return fromBinary(schema, encoded.data);
  } catch (reason) {
    throw undecodable(encoded, reason);
  }
}

function checkType({ typeName }: DescMessage, { type }: EncodedMessage): void {
  if (type === typeName) return;
  throw new BusError("undecodable", `the message is a ${type}, the topic has ${typeName}`);
}

function undecodable({ type }: EncodedMessage, cause: unknown): BusError {
  const why = BusError.from(cause).message;
  return new BusError("undecodable", `the bytes are no ${type}: ${why}`, { cause });
}

import { type DescMessage, fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import type { DeadLetter } from "@fanfare/bus";
import { describeReason } from "@fanfare/bus/kit";
import { alignRows } from "../terminal.ts";

/** A dead letter as JSON. */
export interface DeadLetterJson extends Omit<DeadLetter, "data"> {
  /** The message as JSON; undefined when it cannot be decoded. */
  readonly message?: JsonValue;
  /** Why the message cannot be decoded; undefined when it can. */
  readonly undecodable?: string;
  /** The bytes of a message that cannot be decoded, in base64. */
  readonly data?: string;
}

/** Decodes a dead letter with the schema of its topic. */
export function decodeDeadLetter(
  letter: DeadLetter,
  schema: DescMessage | undefined,
): DeadLetterJson {
  const { data, ...about } = letter;
  const base64 = Buffer.from(data).toString("base64");
  const fail = (undecodable: string): DeadLetterJson => ({
    ...about,
    undecodable,
    data: base64,
  });
  if (schema === undefined) return fail(`no schema declares the topic ${letter.topic}`);
  if (letter.type !== schema.typeName) {
    return fail(`expected a ${schema.typeName}, got ${letter.type ?? "a message without a type"}`);
  }
  try {
    return { ...about, message: toJson(schema, fromBinary(schema, data)) };
  } catch (reason) {
    const why = describeReason(reason);
    return fail(`expected a ${schema.typeName}: ${why}`);
  }
}

/** Formats a dead letter as lines of text. */
export function formatDeadLetter({
  message,
  undecodable,
  data,
  ...letter
}: DeadLetterJson): string[] {
  const { attributes, headers, deadLetteredAt, time, attempts, sequence, ...texts } = letter;
  const facts: (readonly [string, string | undefined])[] = [
    ["group", texts.group],
    ["sequence", `${sequence}`],
    ["id", texts.id],
    ["topic", texts.topic],
    ["type", texts.type],
    ["key", texts.key],
    ["source", texts.source],
    ["time", time?.toISOString()],
    ["dead-lettered", deadLetteredAt.toISOString()],
    ["cause", texts.cause],
    ["attempts", `${attempts}`],
    ["error", texts.error],
    ...Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value] as const),
    ...Object.entries(headers),
  ];
  const rows = facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  const body =
    message === undefined
      ? [`undecodable: ${undecodable}`, data ?? ""]
      : JSON.stringify(message, undefined, 2).split("\n");
  return [...alignRows(rows), "", ...body];
}

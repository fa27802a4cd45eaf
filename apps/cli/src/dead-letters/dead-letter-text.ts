import { type DescMessage, fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import type { DeadLetter } from "@fanfare/bus";
import { alignRows } from "../terminal.ts";

/** LetterJson is a dead letter as a program reads it. */
export interface DeadLetterJson extends Omit<DeadLetter, "data"> {
  /** The message as JSON; undefined when it cannot be decoded. */
  readonly message?: JsonValue;
  /** Why there is no message, and the bytes in base64. */
  readonly undecodable?: string;
  readonly data?: string;
}

/** letterJson decodes a dead letter by the schema of its topic. */
export function decodeDeadLetter(
  letter: DeadLetter,
  schema: DescMessage | undefined,
): DeadLetterJson {
  const { data, ...about } = letter;
  const base64 = Buffer.from(data).toString("base64");
  const refused = (undecodable: string): DeadLetterJson => ({
    ...about,
    undecodable,
    data: base64,
  });
  if (schema === undefined) return refused(`the topic ${letter.topic} is not declared here`);
  if (letter.type !== schema.typeName) {
    return refused(`it is a ${letter.type ?? "message of no type"}, not a ${schema.typeName}`);
  }
  try {
    return { ...about, message: toJson(schema, fromBinary(schema, data)) };
  } catch (reason) {
    const why = reason instanceof Error ? reason.message : String(reason);
    return refused(`it is no ${schema.typeName}: ${why}`);
  }
}

/** letterLines is a dead letter as a person reads it. */
export function formatDeadLetter({
  message,
  undecodable,
  data,
  ...letter
}: DeadLetterJson): string[] {
  const { headers, deadLetteredAt, time, attempts, sequence, ...texts } = letter;
  const facts: (readonly [string, string | undefined])[] = [
    ["group", texts.group],
    ["sequence", `${sequence}`],
    ["id", texts.id],
    ["topic", texts.topic],
    ["type", texts.type],
    ["key", texts.key],
    ["source", texts.source],
    ["time", time?.toISOString()],
    ["died", deadLetteredAt.toISOString()],
    ["cause", texts.cause],
    ["attempts", `${attempts}`],
    ["error", texts.error],
    ...Object.entries(headers),
  ];
  const rows = facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  const body =
    message === undefined
      ? [`undecodable: ${undecodable}`, data ?? ""]
      : JSON.stringify(message, undefined, 2).split("\n");
  return [...alignRows(rows), "", ...body];
}

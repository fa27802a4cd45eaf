import { BusError } from "@fanfare/bus";
import { type Msg, type MsgHdrs, MsgHdrsImpl } from "@nats-io/nats-core";

const messageId = "Nats-Msg-Id";
const name = /^[!-9;-~]+$/;
const lineBreak = /[\r\n]/;

/**
 * encodeHeaders makes the headers of a NATS message: the record's own, and the id that the stream
 * deduplicates by. Throws `invalid_argument` for what a header cannot hold.
 */
export function encodeHeaders(record: Readonly<Record<string, string>>, dedupeId: string): MsgHdrs {
  const lines: Record<string, string[]> = { [messageId]: [checked(messageId, dedupeId)] };
  for (const [key, value] of Object.entries(record)) {
    if (!name.test(key) || isReserved(key)) {
      throw new BusError("invalid_argument", `"${key}" cannot be the name of a header on NATS`);
    }
    lines[key] = [checked(key, value)];
  }
  return MsgHdrsImpl.fromRecord(lines);
}

/**
 * decodeHeaders returns a message's headers without those of NATS itself, names in lower case; none
 * where whoever published it wrote what NATS's client cannot read.
 */
export function decodeHeaders(message: Pick<Msg, "headers">): Record<string, string> {
  const headers = readHeaders(message);
  if (headers === undefined) return {};
  return Object.fromEntries(
    [...headers]
      .filter(([key]) => !isReserved(key))
      .map(([key, values]) => [key.toLowerCase(), values[0] ?? ""]),
  );
}

/** Reading parses, and throws: into the loop that reads the connection, and would end it. */
function readHeaders(message: Pick<Msg, "headers">): MsgHdrs | undefined {
  try {
    return message.headers;
  } catch {
    return undefined;
  }
}

function isReserved(key: string): boolean {
  return key.toLowerCase().startsWith("nats-");
}

function checked(key: string, value: string): string {
  if (!lineBreak.test(value)) return value;
  throw new BusError("invalid_argument", `header "${key}": a value cannot hold a line break`);
}

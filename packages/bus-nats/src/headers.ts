import { BusError } from "@fanfare/bus";
import { type MsgHdrs, MsgHdrsImpl } from "@nats-io/nats-core";
import { MsgImpl } from "@nats-io/nats-core/internal";

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

interface Headed {
  readonly headers?: MsgHdrs | undefined;
}

/**
 * decodeHeaders returns a message's headers without those of NATS itself, names in lower case; none
 * where whoever published it wrote what NATS's client cannot read.
 */
export function decodeHeaders(message: Headed): Record<string, string> {
  return createHeaderDecoder()(message);
}

/** How many names a decoder remembers: publishers have few. */
const nameLimit = 1_000;

/** createHeaderDecoder makes a decodeHeaders that remembers the names it has met, for many messages. */
export function createHeaderDecoder(): (message: Headed) => Record<string, string> {
  const names = new Map<string, HeaderName>();
  const nameOf = (key: string): HeaderName => {
    const known = names.get(key);
    if (known !== undefined) return known;
    const made = { key: key.toLowerCase(), isValid: name.test(key), isReserved: isReserved(key) };
    if (names.size < nameLimit) names.set(key, made);
    return made;
  };
  return (message) => {
    const text = headerText(message);
    return text === undefined ? decodeSlowly(message) : parseHeaders(text, nameOf);
  };
}

interface HeaderName {
  /** In lower case. */
  readonly key: string;
  readonly isValid: boolean;
  readonly isReserved: boolean;
}

const begin = "NATS/1.0\r\n";
const end = "\r\n\r\n";

/**
 * headerText is the block of headers as it came, in front of the payload. NATS's client takes more than
 * twice as long to read it. Undefined where that client keeps it otherwise than it does today.
 */
function headerText(message: Headed): string | undefined {
  if (!(message instanceof MsgImpl)) return undefined;
  const { _rdata: received, _msg: about } = message;
  if (!Buffer.isBuffer(received) || !(about.hdr > 0)) return undefined;
  const text = received.toString("utf8", 0, about.hdr);
  return text.startsWith(begin) && text.endsWith(end) ? text : undefined;
}

function parseHeaders(text: string, nameOf: (key: string) => HeaderName): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = begin.length; at < text.length - 2; ) {
    const stop = text.indexOf("\r", at);
    if (text.indexOf("\n", at) !== stop + 1) return {};
    const colon = text.indexOf(":", at);
    if (colon < 0) break;
    if (colon < stop) {
      const { key, isValid, isReserved: isOfNats } = nameOf(text.slice(at, colon));
      if (!isValid) return {};
      const isFirst = !(key in headers) || !Object.hasOwn(headers, key);
      if (isFirst && !isOfNats) headers[key] = text.slice(colon + 1, stop).trim();
    }
    at = stop + 2;
  }
  return headers;
}

function decodeSlowly(message: Headed): Record<string, string> {
  const headers = readHeaders(message);
  if (headers === undefined) return {};
  return Object.fromEntries(
    [...headers]
      .filter(([key]) => !isReserved(key))
      .map(([key, values]) => [key.toLowerCase(), values[0] ?? ""]),
  );
}

/** Reading parses, and throws: into the loop that reads the connection, and would end it. */
function readHeaders(message: Headed): MsgHdrs | undefined {
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

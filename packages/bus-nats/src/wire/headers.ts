import { BusError } from "@fanfare/bus";
import { type MsgHdrs, MsgHdrsImpl } from "@nats-io/nats-core";
import { MsgImpl } from "@nats-io/nats-core/internal";

const messageIdHeader = "Nats-Msg-Id";
const validName = /^[!-9;-~]+$/;
const lineBreak = /[\r\n]/;

/**
 * Encodes the headers of a record, and the id by which the stream drops duplicates. Throws
 * `invalid_argument` for a name or a value that NATS cannot carry.
 */
export function encodeHeaders(record: Readonly<Record<string, string>>, dedupeId: string): MsgHdrs {
  const headers: Record<string, string[]> = {
    [messageIdHeader]: [checkValue(messageIdHeader, dedupeId)],
  };
  for (const [name, value] of Object.entries(record)) {
    if (!validName.test(name) || isReserved(name)) {
      throw new BusError(
        "invalid_argument",
        `"${name}" is no valid header name on NATS: use printable ASCII without spaces and colons, and no name that begins with nats-`,
      );
    }
    headers[name] = [checkValue(name, value)];
  }
  return MsgHdrsImpl.fromRecord(headers);
}

/** What headers are read from: a message as it arrived, or one that was read back from a stream. */
export interface MessageWithHeaders {
  readonly headers?: MsgHdrs | undefined;
}

/** Decodes the headers of many messages. */
export type HeaderDecoder = (message: MessageWithHeaders) => Record<string, string>;

/** The most names that a decoder remembers. Publishers use few. */
const maxNames = 1_000;

/**
 * Creates a function that decodes the headers of a message: names in lower case, without the headers
 * of NATS itself. It returns none when the client of NATS cannot parse them. It remembers names, so
 * use one decoder for many messages.
 */
export function createHeaderDecoder(): HeaderDecoder {
  const names = new Map<string, HeaderName>();
  const getName = (name: string): HeaderName => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const parsed = {
      lowerCase: name.toLowerCase(),
      isValid: validName.test(name),
      isReserved: isReserved(name),
    };
    if (names.size < maxNames) names.set(name, parsed);
    return parsed;
  };
  return (message) => {
    const text = readHeaderBlock(message);
    return text === undefined ? decodeWithClient(message) : parseHeaderBlock(text, getName);
  };
}

interface HeaderName {
  readonly lowerCase: string;
  readonly isValid: boolean;
  readonly isReserved: boolean;
}

const blockStart = "NATS/1.0\r\n";
const blockEnd = "\r\n\r\n";

/**
 * Returns the header block in front of the payload, unparsed: the client of NATS takes more than twice
 * as long to parse it. Returns undefined when the client's internals are not what they are today.
 */
function readHeaderBlock(message: MessageWithHeaders): string | undefined {
  if (!(message instanceof MsgImpl)) return undefined;
  const { _rdata: received, _msg: position } = message;
  if (!Buffer.isBuffer(received) || !(position.hdr > 0)) return undefined;
  const text = received.toString("utf8", 0, position.hdr);
  return text.startsWith(blockStart) && text.endsWith(blockEnd) ? text : undefined;
}

function parseHeaderBlock(
  text: string,
  getName: (name: string) => HeaderName,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let start = blockStart.length; start < text.length - 2; ) {
    const end = text.indexOf("\r", start);
    if (text.indexOf("\n", start) !== end + 1) return {};
    const colon = text.indexOf(":", start);
    if (colon < 0) break;
    if (colon < end) {
      const name = getName(text.slice(start, colon));
      if (!name.isValid) return {};
      const key = name.lowerCase;
      const isFirst = !(key in headers) || !Object.hasOwn(headers, key);
      if (isFirst && !name.isReserved) headers[key] = text.slice(colon + 1, end).trim();
    }
    start = end + 2;
  }
  return headers;
}

function decodeWithClient(message: MessageWithHeaders): Record<string, string> {
  const headers = parseWithClient(message);
  if (headers === undefined) return {};
  return Object.fromEntries(
    [...headers]
      .filter(([name]) => !isReserved(name))
      .map(([name, values]) => [name.toLowerCase(), values[0] ?? ""]),
  );
}

/** The getter parses and may throw. Inside the client's read loop, that would end the loop. */
function parseWithClient(message: MessageWithHeaders): MsgHdrs | undefined {
  try {
    return message.headers;
  } catch {
    return undefined;
  }
}

function isReserved(name: string): boolean {
  return name.toLowerCase().startsWith("nats-");
}

function checkValue(name: string, value: string): string {
  if (!lineBreak.test(value)) return value;
  throw new BusError(
    "invalid_argument",
    `the value of header "${name}" contains a line break: percent-encode it`,
  );
}

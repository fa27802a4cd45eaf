import { BusError } from "../error.ts";

// What one broker, or the table of an outbox, cannot carry is refused for all of them, before anything is
// stored. An event then behaves the same wherever it is published, and its outbox row can be published.

/** An id: as long as an index entry, and as the dedupe header of every broker, allows. */
const maxIdLength = 256;
/** PostgreSQL indexes at most 2,704 bytes. */
const maxKeyBytes = 1_024;
/** JetStream stores at most 65,535 bytes of headers: the rest is for a dead letter's own and for the server's. */
const maxHeaderBytes = 60_000;

const firstTime = Date.parse("0001-01-01T00:00:00Z");
const lastTime = Date.parse("9999-12-31T23:59:59.999Z");
const encoder = new TextEncoder();
const control = /\p{Cc}/u;

/** Checks an event's id. Throws `invalid_argument`. */
export function checkId(id: string): string {
  const given: unknown = id;
  if (typeof given === "string") {
    const fits = given.length > 0 && given.length <= maxIdLength && given.isWellFormed();
    // NATS carries ids in a header, which ends at a line break and whose value it trims.
    if (fits && !control.test(given) && given.trim() === given) return given;
  }
  throw new BusError(
    "invalid_argument",
    `expected an event id of 1 to ${maxIdLength} characters of well-formed text, without control characters and without spaces at its ends, got ${describeValue(given)}`,
  );
}

/** Checks an event's key. Throws `invalid_argument`. */
export function checkKey(key: string, id: string): string {
  const given: unknown = key;
  if (typeof given === "string") {
    const isShort = given.length * 3 <= maxKeyBytes || measureText(given) <= maxKeyBytes;
    if (isShort && isStorable(given)) return given;
  }
  throw new BusError(
    "invalid_argument",
    `expected the key of event ${id} to have at most ${maxKeyBytes} bytes of well-formed text without NUL, got ${describeValue(given)}`,
  );
}

/** Checks the value of a header. Throws `invalid_argument`. */
export function checkHeaderValue(name: string, value: string): string {
  const given: unknown = value;
  if (typeof given === "string" && isStorable(given)) return given;
  throw new BusError(
    "invalid_argument",
    `expected well-formed text without NUL in the header "${name}", got ${describeValue(given)}`,
  );
}

/** Returns the time of an event, in milliseconds since the Unix epoch. Throws `invalid_argument`. */
export function checkTime(date: Date, id: string): number {
  // Also true for a Date of another realm, as test runners have several.
  const isDate = Object.prototype.toString.call(date) === "[object Date]";
  const time = isDate ? date.getTime() : Number.NaN;
  if (time >= firstTime && time <= lastTime) return time;
  const year = new Date(time).getUTCFullYear();
  const found = Number.isNaN(year) ? "an invalid one" : `the year ${year}`;
  throw new BusError(
    "invalid_argument",
    `expected the time of event ${id} to be a valid date of the years 1 to 9999, got ${found}`,
  );
}

/** Checks the size of all headers of an event, encoded. Throws `invalid_argument`. */
export function checkHeaderSize(headers: Readonly<Record<string, string>>, id: string): void {
  const bytes = measureHeaders(headers);
  if (bytes <= maxHeaderBytes) return;
  throw new BusError(
    "invalid_argument",
    `expected at most ${maxHeaderBytes} bytes of headers for event ${id}, got ${bytes}: put large values into the message`,
  );
}

/** Returns the size of headers in bytes, each as `name: value\r\n`. */
export function measureHeaders(headers: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0) + 4;
  return bytes;
}

function measureText(text: string): number {
  return encoder.encode(text).byteLength;
}

/** PostgreSQL stores no NUL; UTF-8 has no lone surrogates. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/** Describes a refused value in an error: in quotes, with every control character escaped. */
export function describeValue(value: unknown): string {
  if (typeof value !== "string") return typeof value;
  if (value.length > maxIdLength) return `${value.length} characters`;
  return JSON.stringify(value).replaceAll(/\p{Cc}/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

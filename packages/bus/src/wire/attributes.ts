import { BusError } from "../error.ts";
import { describeValue } from "./check-portable.ts";
import { decodeHeaderValue, encodeHeaderValue } from "./header-value.ts";

const prefix = "ce-";

/** The attributes that an event has anyhow, and where each comes from. */
const own: ReadonlyMap<string, string> = new Map([
  ["id", "pass it as the option id"],
  ["source", "it is the bus's option source"],
  ["type", "it is the type of the message"],
  ["specversion", "it is always 1.0"],
  ["time", "pass it as the option time"],
  ["datacontenttype", "the payload is always protobuf"],
  ["topic", "it is the option of the method"],
  ["partitionkey", "it is the field of the message that the method's option names"],
  ["data", "CloudEvents reserves the name"],
]);
const ownHeaders: ReadonlySet<string> = new Set(Array.from(own.keys(), (name) => prefix + name));

/** Lower-case letters and digits, as CloudEvents requires: other names do not survive every binding. */
const attributeName = /^[a-z0-9]+$/;
/** What CloudEvents excludes from strings. */
const excluded = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

/**
 * Adds a publisher's attributes to the headers of the envelope. Throws `invalid_argument` for a name or a
 * value that CloudEvents does not allow, and for an attribute that the event has anyhow.
 */
export function addAttributes(
  headers: Record<string, string>,
  attributes: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(attributes)) {
    const reason = own.get(name);
    if (reason !== undefined) {
      throw new BusError("invalid_argument", `the attribute "${name}" cannot be set: ${reason}`);
    }
    if (!attributeName.test(name)) {
      throw new BusError(
        "invalid_argument",
        `expected the name of an attribute in lower-case letters and digits, got ${describeValue(name)}`,
      );
    }
    headers[prefix + name] = encodeHeaderValue(checkValue(name, value));
  }
}

/** Returns the attributes of a record, whoever published it, without those that a delivery names. */
export function decodeAttributes(
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const name in headers) {
    if (!name.startsWith(prefix) || ownHeaders.has(name)) continue;
    const value = headers[name];
    if (value !== undefined) attributes[name.slice(prefix.length)] = decodeHeaderValue(value);
  }
  return attributes;
}

function checkValue(name: string, value: string): string {
  const given: unknown = value;
  if (typeof given !== "string" || given === "" || excluded.test(given)) {
    throw new BusError(
      "invalid_argument",
      `expected text without control characters as the attribute "${name}", got ${describeValue(given)}`,
    );
  }
  if (name !== "dataschema" || URL.canParse(given)) return given;
  throw new BusError(
    "invalid_argument",
    `expected an absolute URI as the attribute "dataschema", got "${given}"`,
  );
}

import { BusError } from "../error.ts";
import { checkHeaderValue, describeValue } from "./check-portable.ts";
import { decodeHeaderValue, encodeHeaderValue } from "./header-value.ts";

const headerName = /^[a-z0-9!#$&'*+.^_`|~-]+$/;

/**
 * Adds a publisher's own headers to those of the envelope: names in lower case, values
 * percent-encoded. Throws `invalid_argument` for a reserved or malformed name, and for a value that some
 * broker cannot carry.
 */
export function addCustomHeaders(
  headers: Record<string, string>,
  custom: Readonly<Record<string, string>>,
): void {
  for (const [given, value] of Object.entries(custom)) {
    const name = given.toLowerCase();
    // Objects, as which headers are read, have no such field.
    if (!headerName.test(name) || isReserved(name) || name === "__proto__") {
      throw new BusError(
        "invalid_argument",
        `expected a header name of letters, digits and dashes, other than __proto__, that does not start with ce-, nats- or fanfare-, got ${describeValue(given)}; pass attributes of CloudEvents as the option attributes`,
      );
    }
    headers[name] = encodeHeaderValue(checkHeaderValue(given, value));
  }
}

/** Returns the publisher's own headers among those of a record, decoded. */
export function decodeCustomHeaders(
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const custom: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !isReserved(name)) custom[name] = decodeHeaderValue(value);
  }
  return custom;
}

function isReserved(name: string): boolean {
  return name.startsWith("ce-") || name.startsWith("nats-") || name.startsWith("fanfare-");
}

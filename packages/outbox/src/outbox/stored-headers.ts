import type { PublishOptions } from "@fanfare/bus";

/** What the outbox stores in the column `headers`. */
export type StoredHeaders = Pick<PublishOptions, "attributes" | "headers">;

/** Distinguishes attributes from headers, of which none begins with it. */
const prefix = "ce-";

/** Encodes attributes and headers as one object, as a record of the bus has them. */
export function encodeStoredHeaders({
  attributes = {},
  headers = {},
}: StoredHeaders): Record<string, string> {
  const prefixed = Object.entries(attributes).map(([name, value]) => [prefix + name, value]);
  return { ...headers, ...Object.fromEntries(prefixed) };
}

/** Decodes the column `headers`, a JSON object. */
export function decodeStoredHeaders(text: string): StoredHeaders {
  const stored: unknown = JSON.parse(text);
  const attributes: Record<string, string> = {};
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(stored ?? {})) {
    if (name.startsWith(prefix)) attributes[name.slice(prefix.length)] = String(value);
    else headers[name] = String(value);
  }
  return { attributes, headers };
}

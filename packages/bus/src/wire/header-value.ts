/** What CloudEvents encodes in a header value: spaces, quotes, percent signs and all but printable ASCII. */
const unsafe = /[^\x21\x23\x24\x26-\x7e]+/g;

/**
 * Percent-encodes a header value as CloudEvents' HTTP and NATS bindings do. Throws a `URIError` on a
 * lone surrogate.
 */
export function encodeHeaderValue(value: string): string {
  return value.search(unsafe) < 0 ? value : value.replace(unsafe, encodeURIComponent);
}

/** Decodes a percent-encoded header value; returns a malformed one unchanged. */
export function decodeHeaderValue(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

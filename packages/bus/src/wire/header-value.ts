/** What CloudEvents encodes in a header: spaces, quotes, percent signs and all but printable ASCII. */
const unsafe = /[^\x21\x23\x24\x26-\x7e]+/g;

/** encodeHeaderValue percent-encodes a value as CloudEvents' HTTP and NATS bindings do. Throws on a lone surrogate. */
export function encodeHeaderValue(value: string): string {
  return value.search(unsafe) < 0 ? value : value.replace(unsafe, encodeURIComponent);
}

/** decodeHeaderValue compensates encodeHeaderValue; what was never encoded is returned as it is. */
export function decodeHeaderValue(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

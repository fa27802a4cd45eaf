/** A value to search for. */
export interface Wanted {
  readonly what:
    | "name"
    | "email"
    | "card label"
    | "gateway token"
    | "payment method id"
    | "rider id";
  readonly text: string;
  /** Also finds the value in other cases of letters. */
  readonly ignoreCase?: boolean;
  /** The places that keep it on purpose. Default: none. */
  readonly keptIn?: readonly RegExp[];
}

/** A form in which a value may be stored. */
export interface Pattern {
  readonly wanted: Wanted;
  readonly text: string;
}

/** A place that has a value, such as the table "riders.riders". */
export interface Hit {
  readonly place: string;
  readonly wanted: Wanted;
}

/** Returns how many bytes at the end of a part of some content to search again with its next part. */
export function getOverlap(patterns: readonly Pattern[]): number {
  return Math.max(0, ...patterns.map(({ text }) => Buffer.byteLength(text) - 1));
}

/**
 * Returns the forms in which values may be stored: as they are, escaped for JSON or for a URL, as bytes in hex, and
 * each as PostgreSQL quotes it in a row.
 */
export function createPatterns(values: readonly Wanted[]): Pattern[] {
  return values.flatMap((wanted) => {
    const { text, ignoreCase } = wanted;
    const stored = [
      text,
      JSON.stringify(text).slice(1, -1),
      encodeURIComponent(text),
      ...[text, ...(ignoreCase ? [text.toLowerCase()] : [])].map((one) =>
        Buffer.from(one).toString("hex"),
      ),
    ];
    const quoted = stored.map((one) => one.replaceAll(/["\\]/g, "$&$&"));
    return [...new Set([...stored, ...quoted])].map((one) => ({ wanted, text: one }));
  });
}

/** Returns the values that bytes have in one of their forms. */
export function findIn(content: Uint8Array, patterns: readonly Pattern[]): Set<Wanted> {
  // Each byte is one character, also where the bytes are no text.
  const plain = toCharacters(content);
  const lower = plain.toLowerCase();
  const found = new Set<Wanted>();
  for (const { wanted, text } of patterns) {
    const sought = toCharacters(Buffer.from(text));
    const isThere = wanted.ignoreCase
      ? lower.includes(sought.toLowerCase())
      : plain.includes(sought);
    if (isThere) found.add(wanted);
  }
  return found;
}

function toCharacters({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

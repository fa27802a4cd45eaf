import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";

/** The keys of a payload codec. One encrypts, all decrypt. */
export interface CodecKeys {
  /** The key that encrypts. Absent: new payloads stay plain, and encrypted ones are still decrypted. */
  readonly encryptWith?: CodecKey;
  /** The keys that decrypt, by their ids. */
  readonly byId: ReadonlyMap<string, KeyObject>;
}

/** A key of AES-256, and the id that every payload encrypted with it carries. */
export interface CodecKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** The content of a key file. */
interface KeyFile {
  readonly encryptWith: string | null;
  readonly keys: Readonly<Record<string, string>>;
}

const keyBytes = 32;
const expected =
  'expected {"encryptWith": "<id>" or null, "keys": {"<id>": "<32 bytes in base64>"}}';

/**
 * Parses a key file: JSON with `keys`, each 32 bytes in base64 by its id, and `encryptWith`, the id of the
 * one that encrypts, or null while none does. Throws an error that contains no key when it is anything else.
 *
 * @example
 * const keys = parseCodecKeys(`{
 *   "encryptWith": "2026-11",
 *   "keys": { "2026-11": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=" }
 * }`);
 * const codec = createPayloadCodec(() => keys);
 */
export function parseCodecKeys(text: string): CodecKeys {
  const { encryptWith, keys } = parseKeyFile(text);
  const byId = new Map<string, KeyObject>();
  for (const [id, encoded] of Object.entries(keys)) {
    const bytes = Buffer.from(encoded, "base64");
    if (id === "") throw new Error(`${expected}, found a key without an id`);
    if (bytes.length !== keyBytes) {
      throw new Error(`${expected}, found ${bytes.length} bytes for the key "${id}"`);
    }
    byId.set(id, createSecretKey(bytes));
  }
  if (encryptWith === null) return { byId };
  const key = byId.get(encryptWith);
  if (key === undefined) throw new Error(`${expected}, found no key "${encryptWith}" in keys`);
  return { encryptWith: { id: encryptWith, key }, byId };
}

/**
 * Returns the content of a key file with a new random key that encrypts. The keys of `text`, the content so
 * far, stay and decrypt. With `activate: false` the new key only decrypts: give it to every process that way
 * first where they do not read the same file.
 *
 * @example
 * let file = addCodecKey(); // the first key
 * file = addCodecKey(file); // a rotation
 * parseCodecKeys(file).byId.size; // 2
 */
export function addCodecKey(
  text?: string,
  { activate = true }: { readonly activate?: boolean } = {},
): string {
  const { encryptWith, keys }: KeyFile =
    text === undefined ? { encryptWith: null, keys: {} } : parseKeyFile(text);
  const id = randomBytes(4).toString("hex");
  const file: KeyFile = {
    encryptWith: activate ? id : encryptWith,
    keys: { ...keys, [id]: randomBytes(keyBytes).toString("base64") },
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

function parseKeyFile(text: string): KeyFile {
  const file = parseJson(text);
  if (!isRecord(file)) throw new Error(`${expected}, found no JSON object`);
  const { encryptWith, keys } = file;
  if (encryptWith !== null && typeof encryptWith !== "string") {
    throw new Error(`${expected}, found no encryptWith`);
  }
  if (!isRecord(keys) || !Object.values(keys).every((key) => typeof key === "string")) {
    throw new Error(`${expected}, found no keys`);
  }
  return { encryptWith, keys: Object.fromEntries(Object.entries(keys).map(toText)) };
}

function toText([id, key]: [string, unknown]): [string, string] {
  return [id, String(key)];
}

/** Parses JSON without an error that quotes it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

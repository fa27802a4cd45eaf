import { setTimeout } from "node:timers/promises";
import { generateKey, type SigningKey } from "../keys.ts";
import type { PublicKey } from "../public-keys.ts";
import type { SecretsFolder } from "../secrets-folder.ts";
import { authorityHolder, serverFiles, serverHolder } from "./temporal-files.ts";

/** The keys of tokens. Temporal reads its key set in intervals, so it has each key before that signs. */
export interface TokenKeys {
  /** The key that signs. */
  readonly current: SigningKey;
  /** The key that signs after the next rotation. */
  readonly next: SigningKey;
  /** When the server got the next key, in milliseconds. */
  readonly nextSince: number;
  /** Earlier keys, each with the second at which it is removed. */
  readonly retired: readonly PublicKey[];
}

/** How long the tokens of an earlier key stay valid, in seconds: for processes that have not read the new ones. */
const retirementSeconds = 600;

/** How long a server takes to read its key set again, in milliseconds. Temporal does so each minute by default. */
const publicationMs = 90_000;

const file = "token-keys.json";

/** Reads the keys, or creates them. Removes the public keys whose time is over from the set of the server. */
export async function openTokenKeys(folder: SecretsFolder): Promise<TokenKeys> {
  const now = Date.now();
  const text = await folder.read(authorityHolder, file);
  const found: TokenKeys =
    text === undefined
      ? { current: await generate(), next: await generate(), nextSince: now, retired: [] }
      : JSON.parse(text);
  const retired = found.retired.filter(({ exp = 0 }) => exp > now / 1000);
  const keys = { ...found, retired };
  await write(folder, keys);
  await publish(folder, keys);
  return keys;
}

/**
 * Signs with the next key from now on, and gives the server another one. Waits until the server has read the
 * key, where that is younger than 90 seconds.
 */
export async function replaceTokenKey(folder: SecretsFolder, signal?: AbortSignal): Promise<void> {
  const { current, next, nextSince, retired } = await openTokenKeys(folder);
  const waitMs = nextSince + publicationMs - Date.now();
  if (waitMs > 0) await setTimeout(waitMs, undefined, signal && { signal });
  const exp = Math.ceil(Date.now() / 1000) + retirementSeconds;
  const keys: TokenKeys = {
    current: next,
    next: await generate(),
    nextSince: Date.now(),
    retired: [...retired, { ...current.publicKey, exp }],
  };
  await write(folder, keys);
  await publish(folder, keys);
}

/** Temporal's own mapper of claims verifies RS256 and ES256. */
function generate(): Promise<SigningKey> {
  return generateKey("temporal-", "ES256");
}

async function write(folder: SecretsFolder, keys: TokenKeys): Promise<void> {
  await folder.write(authorityHolder, file, `${JSON.stringify(keys, undefined, 2)}\n`);
}

async function publish(folder: SecretsFolder, keys: TokenKeys): Promise<void> {
  const set = [...keys.retired, keys.current.publicKey, keys.next.publicKey];
  const text = `${JSON.stringify({ keys: set }, undefined, 2)}\n`;
  await folder.write(serverHolder, serverFiles.keySet, text);
}

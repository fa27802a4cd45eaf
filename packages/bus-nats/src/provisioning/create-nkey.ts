import { nkeys } from "@nats-io/nats-core";

/** The key pair of a NATS user. */
export interface NKey {
  /** The secret, as a file for `nkeyFile` contains it. */
  readonly seed: string;
  /** What the server's configuration contains. */
  readonly publicKey: string;
}

/**
 * Creates the key pair of a NATS user.
 *
 * @example
 * const { seed, publicKey } = createNKey();
 * console.log(`{ nkey: ${publicKey} }`, seed.length);
 */
export function createNKey(): NKey {
  const pair = nkeys.createUser();
  const seed = new TextDecoder().decode(pair.getSeed());
  return { seed, publicKey: pair.getPublicKey() };
}

/**
 * Returns the public key of a seed. Throws an error when the text is no seed.
 *
 * @example
 * const { seed, publicKey } = createNKey();
 * console.log(readPublicKey(seed) === publicKey); // true
 */
export function readPublicKey(seed: string): string {
  return nkeys.fromSeed(new TextEncoder().encode(seed.trim())).getPublicKey();
}

import { createPublicKey, type KeyObject } from "node:crypto";
import type { JWTVerifyGetKey } from "jose";
import { createLocalJWKSet } from "jose";
import { z } from "zod";

/** The public keys that verify tokens. */
export interface TokenKeys {
  /** Finds the key that signed a token. */
  readonly find: JWTVerifyGetKey;
  /** Resolves once there are keys, and rejects with the reason when there are none. */
  load(): Promise<void>;
  /** Rejects with the reason while the source of the keys cannot be read, also when older keys are in use. */
  assertFresh(): Promise<void>;
}

/** The longest key set that is read, in bytes. */
export const maxKeySetBytes = 256 * 1024;
const maxKeys = 100;

/** The shortest RSA key that verifies signatures, in bits. */
const minRsaBits = 2_048;

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(maxKeys) });
type Key = z.infer<typeof keySet>["keys"][number];

/** The public keys of a key set, none of them private. */
export interface PublicKeys {
  readonly find: JWTVerifyGetKey;
  /** Returns the keys without those that were published with their private parts; undefined when none is left. */
  without(error: PublishedKeyError): PublicKeys | undefined;
}

/** A key set that contains private keys. Whoever read it can sign with them. */
export class PublishedKeyError extends Error {
  override readonly name = "PublishedKeyError";
  /** The public parts of the private keys, as `identify` returns them. */
  readonly published: ReadonlySet<string>;

  constructor(keys: readonly Key[]) {
    const names = keys.map(({ kid }) => JSON.stringify(kid ?? "without an id")).join(", ");
    super(
      `expected public keys alone in the key set, got the private key ${names}: replace that key, and publish its public part`,
    );
    this.published = new Set(keys.map(identify).filter((id) => id !== undefined));
  }
}

/**
 * Parses the text of a JSON Web Key Set. Leaves out the keys that cannot verify a signature of a public-key
 * algorithm: symmetric, malformed, unknown and short ones, and those that encrypt. Throws when none is left,
 * and a PublishedKeyError for a set with a private key.
 */
export function parseKeySet(text: string): PublicKeys {
  const { keys } = keySet.parse(JSON.parse(text));
  const privateKeys = keys.filter((key) => key.kty !== "oct" && "d" in key);
  if (privateKeys.length > 0) throw new PublishedKeyError(privateKeys);
  const publicKeys = keys.filter(verifiesSignatures);
  if (publicKeys.length === 0) {
    throw new Error("the key set has no public key that verifies signatures: publish at least one");
  }
  return createPublicKeys(publicKeys);
}

function createPublicKeys(keys: readonly Key[]): PublicKeys {
  return {
    find: createLocalJWKSet({ keys: [...keys] }),
    without({ published }) {
      const others = keys.filter((key) => !published.has(identify(key) ?? ""));
      return others.length === 0 ? undefined : createPublicKeys(others);
    },
  };
}

function verifiesSignatures(key: Key): boolean {
  if (key.kty === "oct" || (key.use !== undefined && key.use !== "sig")) return false;
  const publicPart = readPublicPart(key);
  if (publicPart === undefined) return false;
  // Only RSA keys have a modulus.
  return (publicPart.asymmetricKeyDetails?.modulusLength ?? minRsaBits) >= minRsaBits;
}

/** Returns a text that two keys share when one is the other's public part. Undefined for a malformed key. */
function identify(key: Key): string | undefined {
  return readPublicPart(key)?.export({ format: "der", type: "spki" }).toString("base64");
}

function readPublicPart(key: Key): KeyObject | undefined {
  try {
    return createPublicKey({ key, format: "jwk" });
  } catch {
    return undefined;
  }
}

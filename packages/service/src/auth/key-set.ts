import { createPublicKey } from "node:crypto";
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

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(maxKeys) });
type Key = z.infer<typeof keySet>["keys"][number];

/**
 * Parses the text of a JSON Web Key Set. Leaves out the keys that cannot verify a signature of a public-key
 * algorithm: symmetric, private, malformed and unknown ones. Throws when none is left.
 */
export function parseKeySet(text: string): JWTVerifyGetKey {
  const keys = keySet.parse(JSON.parse(text)).keys.filter(isPublicKey);
  if (keys.length === 0) throw new Error("the key set has no public key: publish at least one");
  return createLocalJWKSet({ keys });
}

function isPublicKey(key: Key): boolean {
  if ("d" in key || "k" in key || (key.use !== undefined && key.use !== "sig")) return false;
  try {
    createPublicKey({ key, format: "jwk" });
    return true;
  } catch {
    return false;
  }
}

import { createHash } from "node:crypto";

/** Remembers tokens that were valid, until they expire. */
export interface KnownTokens {
  has(token: string): boolean;
  add(token: string, expiresAt: Date): void;
}

/** Creates a memory of the hashes of at most `maxTokens` tokens. The least recently used one is forgotten. */
export function createKnownTokens(maxTokens: number): KnownTokens {
  const expiries = new Map<string, number>();
  const hash = (token: string) => createHash("sha256").update(token).digest("base64");
  return {
    has: (token) => (expiries.get(hash(token)) ?? 0) > Date.now(),
    add(token, expiresAt) {
      const key = hash(token);
      expiries.delete(key);
      expiries.set(key, expiresAt.getTime());
      const [oldest] = expiries.keys();
      if (expiries.size > maxTokens && oldest !== undefined) expiries.delete(oldest);
    },
  };
}

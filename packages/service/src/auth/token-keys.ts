import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { JWTVerifyGetKey } from "jose";
import { createLocalJWKSet, createRemoteJWKSet } from "jose";
import { z } from "zod";

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** The public keys that verify tokens. */
export interface TokenKeys {
  /** Finds the key that signed a token. */
  readonly find: JWTVerifyGetKey;
  /** Resolves once the keys are loaded, and rejects with the reason when they cannot be. */
  load(): Promise<void>;
}

/**
 * Opens a JSON Web Key Set. An http(s) address is fetched again for unknown keys; a file is read
 * again when it changes.
 */
export function openTokenKeys(source: string): TokenKeys {
  return /^https?:/i.test(source) ? openRemoteKeys(new URL(source)) : openKeyFile(source);
}

function openRemoteKeys(url: URL): TokenKeys {
  const find = createRemoteJWKSet(url, { timeoutDuration: 3000 });
  return {
    find,
    async load() {
      if (!find.fresh) await find.reload();
    },
  };
}

function openKeyFile(source: string): TokenKeys {
  const path = source.startsWith("file:") ? fileURLToPath(source) : source;
  let cached: { version: string; find: JWTVerifyGetKey } | undefined;
  async function read(): Promise<JWTVerifyGetKey> {
    const { mtimeMs, size, ino } = await stat(path);
    const version = `${mtimeMs}/${size}/${ino}`;
    if (cached?.version !== version) {
      const keys = keySet.parse(JSON.parse(await readFile(path, "utf8")));
      cached = { version, find: createLocalJWKSet(keys) };
    }
    return cached.find;
  }
  return {
    find: async (header, token) => (await read())(header, token),
    async load() {
      await read();
    },
  };
}

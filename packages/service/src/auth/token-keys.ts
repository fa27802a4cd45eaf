import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { JWTVerifyGetKey } from "jose";
import { createLocalJWKSet, createRemoteJWKSet } from "jose";
import { z } from "zod";

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** TokenKeys finds the public key that a token is signed with. */
export interface TokenKeys {
  readonly find: JWTVerifyGetKey;
  /** load resolves when the keys are there, and rejects with the reason when they are not. */
  load(): Promise<void>;
}

/**
 * openTokenKeys reads a JSON Web Key Set: from an http(s) address, asked again for keys that it does
 * not know, or from a file, read again when it has changed.
 */
export function openTokenKeys(source: string): TokenKeys {
  return /^https?:/i.test(source) ? remoteKeys(new URL(source)) : fileKeys(source);
}

function remoteKeys(url: URL): TokenKeys {
  const find = createRemoteJWKSet(url, { timeoutDuration: 3000 });
  return {
    find,
    async load() {
      if (!find.fresh) await find.reload();
    },
  };
}

function fileKeys(source: string): TokenKeys {
  const path = source.startsWith("file:") ? fileURLToPath(source) : source;
  let known: { version: string; find: JWTVerifyGetKey } | undefined;
  async function current(): Promise<JWTVerifyGetKey> {
    const { mtimeMs, size, ino } = await stat(path);
    const version = `${mtimeMs}/${size}/${ino}`;
    if (known?.version !== version) {
      const keys = keySet.parse(JSON.parse(await readFile(path, "utf8")));
      known = { version, find: createLocalJWKSet(keys) };
    }
    return known.find;
  }
  return {
    find: async (header, token) => (await current())(header, token),
    async load() {
      await current();
    },
  };
}

import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { JWTVerifyGetKey } from "jose";
import type { TokenKeys } from "./key-set.ts";
import { maxKeySetBytes, parseKeySet } from "./key-set.ts";
import type { RemoteKeysOptions } from "./remote-keys.ts";
import { openRemoteKeys } from "./remote-keys.ts";

/**
 * Opens a JSON Web Key Set. An http(s) address is fetched again regularly and for unknown keys; a file is
 * read again when it changes. While that fails, the last valid keys stay in use.
 */
export function openTokenKeys(source: string, options: RemoteKeysOptions = {}): TokenKeys {
  return /^https?:/i.test(source)
    ? openRemoteKeys(new URL(source), options)
    : openKeyFile(source.startsWith("file:") ? fileURLToPath(source) : source);
}

function openKeyFile(path: string): TokenKeys {
  let cached: { version: string; find: JWTVerifyGetKey } | undefined;
  async function readFresh(): Promise<JWTVerifyGetKey> {
    const { mtimeMs, size, ino } = await stat(path);
    const version = `${mtimeMs}/${size}/${ino}`;
    if (cached?.version === version) return cached.find;
    if (size > maxKeySetBytes) {
      throw new Error(`expected a key set of at most ${maxKeySetBytes} bytes, got ${size}`);
    }
    cached = { version, find: parseKeySet(await readFile(path, "utf8")) };
    return cached.find;
  }
  async function read(): Promise<JWTVerifyGetKey> {
    try {
      return await readFresh();
    } catch (error) {
      // While the file is being replaced, the last keys stay in use.
      if (cached === undefined) throw error;
      return cached.find;
    }
  }
  return {
    find: async (header, token) => (await read())(header, token),
    async load() {
      await read();
    },
    async assertFresh() {
      await readFresh();
    },
  };
}

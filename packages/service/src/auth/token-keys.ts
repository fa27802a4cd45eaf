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
 * again when it changes, and its last valid content is used while it is missing or invalid.
 */
export function openTokenKeys(source: string): TokenKeys {
  return /^https?:/i.test(source) ? openRemoteKeys(new URL(source)) : openKeyFile(source);
}

function openRemoteKeys(url: URL): TokenKeys {
  const { address, headers } = splitCredentials(url);
  const find = createRemoteJWKSet(address, { timeoutDuration: 3000, headers });
  return {
    find,
    async load() {
      if (!find.fresh) await find.reload();
    },
  };
}

/** fetch refuses an address with credentials: they are sent as a header. */
function splitCredentials(url: URL): { address: URL; headers: Record<string, string> } {
  const address = new URL(url);
  address.username = "";
  address.password = "";
  if (url.username === "" && url.password === "") return { address, headers: {} };
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const headers = { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
  return { address, headers };
}

function openKeyFile(source: string): TokenKeys {
  const path = source.startsWith("file:") ? fileURLToPath(source) : source;
  let cached: { version: string; find: JWTVerifyGetKey } | undefined;
  async function read(): Promise<JWTVerifyGetKey> {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const version = `${mtimeMs}/${size}/${ino}`;
      if (cached?.version !== version) {
        const keys = keySet.parse(JSON.parse(await readFile(path, "utf8")));
        cached = { version, find: createLocalJWKSet(keys) };
      }
    } catch (error) {
      // While the file is being replaced, the last keys stay in use.
      if (cached === undefined) throw error;
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

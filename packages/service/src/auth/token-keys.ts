import { fileURLToPath } from "node:url";
import { createFileReader } from "../config/file-reader.ts";
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
  const keys = createFileReader(path, parseKeySet, maxKeySetBytes);
  return {
    find: async (header, token) => (await keys.read()).find(header, token),
    async load() {
      await keys.read();
    },
    async assertFresh() {
      await keys.readFresh();
    },
  };
}

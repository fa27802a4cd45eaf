import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * Returns the only folder outside the checkout to which anything is written: FANFARE_CACHE, else a folder
 * in the platform's cache folder.
 */
export function cacheFolder(env = process.env) {
  if (env.FANFARE_CACHE) return resolve(env.FANFARE_CACHE);
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "fanfare");
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "fanfare");
}

import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * cacheFolder is the one folder outside the checkout that anything is kept in: FANFARE_CACHE, else
 * the platform's cache folder.
 */
export function cacheFolder(env = process.env) {
  if (env.FANFARE_CACHE) return resolve(env.FANFARE_CACHE);
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "fanfare");
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "fanfare");
}

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { requireWritable } from "@fanfare/dev-stack";

/** The root of the repository. */
const checkout = fileURLToPath(new URL("../../../..", import.meta.url));

/** Returns the folder in which a stack keeps its data, keys and logs: FANFARE_STATE, else `.fanfare`. */
export function getStateFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.FANFARE_STATE ? resolve(env.FANFARE_STATE) : join(checkout, ".fanfare");
}

/** Creates and returns the state folder. Throws when it cannot be created or written to. */
export function createStateFolder(): string {
  const folder = getStateFolder();
  requireWritable(folder, "set FANFARE_STATE to another one");
  return folder;
}

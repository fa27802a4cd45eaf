import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** checkout is the root of the repository. */
const checkout = fileURLToPath(new URL("../../..", import.meta.url));

/** stateFolder is the folder, ignored by git, where a running stack keeps its data, keys and logs. */
export function getStateFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.FANFARE_STATE ?? join(checkout, ".fanfare");
}

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** Reads a file of the repository by its path from the root. */
export async function readRepository(path: string): Promise<string> {
  return await readFile(`${root}${path}`, "utf8");
}

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** What the servers and every app may have: it verifies, and signs nothing. */
const publicFiles = /\/(?:jwks|service-jwks)\.json$|\/accounts\.conf$/;

/** Reads the texts of passwords and private keys from a folder of secrets. */
export async function readSecretTexts(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const read = async (matches: boolean) => {
    const chosen = files.filter((file) => publicFiles.test(file) === matches);
    const texts = await Promise.all(chosen.map((file) => readFile(file, "utf8")));
    return texts.flatMap((text) => text.match(/[\w+=-]{20,}/g) ?? []);
  };
  const shown = new Set(await read(true));
  return [...new Set(await read(false))].filter((text) => !shown.has(text));
}

/** Lists the files below a folder that other users of this machine may read or write. */
export async function listOpenFiles(folder: string): Promise<readonly string[]> {
  const open: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const { mode } = await stat(path);
    if (entry.isDirectory() && (mode & 0o001) !== 0) open.push(...(await listOpenFiles(path)));
    if ((mode & 0o022) !== 0 || (entry.isFile() && (mode & 0o004) !== 0)) open.push(path);
  }
  return open;
}

import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { withLock } from "@fanfare/dev-stack";
import { CliError } from "../cli-error.ts";
import { explainFullDisk } from "./disk-space.ts";

/**
 * Creates a folder, which is missing or empty, with what `fill` writes into it. The folder gets its name
 * once it is complete; when `fill` rejects, nothing is left. Rejects while another process creates the folder.
 */
export async function createCompleteFolder<T>(
  folder: string,
  fill: (part: string) => Promise<T>,
): Promise<T> {
  await checkEmpty(folder);
  const lock = `${folder}.lock`;
  try {
    return await withLock(lock, () => fillPart(folder, fill), {
      timeoutMs: 0,
      what: `another process to create ${folder} (remove ${lock} if none does)`,
    });
  } catch (error) {
    throw explainFullDisk(error, dirname(folder));
  }
}

async function fillPart<T>(folder: string, fill: (part: string) => Promise<T>): Promise<T> {
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { mode: 0o700 });
  try {
    const filled = await fill(part);
    await rename(part, folder);
    return filled;
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
}

async function checkEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new CliError(`expected a folder at ${folder}, found something else: name another one`);
  });
  if (entries.length === 0) return;
  throw new CliError(`expected an empty folder at ${folder}, found files: name another one`);
}

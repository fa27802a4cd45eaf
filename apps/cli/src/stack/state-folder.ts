import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CliError } from "../cli-error.ts";

/** The root of the repository. */
const checkout = fileURLToPath(new URL("../../../..", import.meta.url));

/** Returns the folder in which a stack keeps its data, keys and logs: FANFARE_STATE, else `.fanfare`. */
export function getStateFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.FANFARE_STATE ? resolve(env.FANFARE_STATE) : join(checkout, ".fanfare");
}

/** Creates and returns the state folder. Rejects when it cannot be created or written to. */
export async function createStateFolder(): Promise<string> {
  const folder = getStateFolder();
  const probe = join(folder, `.probe-${process.pid}`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(probe, "");
    await rm(probe);
    return folder;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    throw new CliError(
      `expected a folder that can be written to, got ${folder} (${code}): set FANFARE_STATE to another one`,
      { cause },
    );
  }
}

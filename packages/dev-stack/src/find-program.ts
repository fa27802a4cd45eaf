import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "@fanfare/tools/cache-folder";
import type { Program } from "./programs.ts";

const run = promisify(execFile);

/**
 * Finds a program: one on PATH whose version is accepted, else the one in the cache folder. Returns
 * its path, or undefined when there is neither.
 */
export async function findProgram(
  program: Program,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const file = join(folder, program.name);
    if (folder !== "" && (await isExecutable(file)) && (await isAccepted(file, program))) {
      return file;
    }
  }
  const cached = getCachedPath(program, env);
  return (await isExecutable(cached)) ? cached : undefined;
}

/** Returns the path that the pinned version of a program has in the cache folder. */
export function getCachedPath(program: Program, env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), "bin", `${program.name}-${program.version}`, program.name);
}

/** Returns whether this user may execute a file. */
export async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function isAccepted(file: string, program: Program): Promise<boolean> {
  try {
    const { stdout, stderr } = await run(file, [...program.versionArgs], { timeout: 10_000 });
    return program.accepts(stdout + stderr);
  } catch {
    return false;
  }
}

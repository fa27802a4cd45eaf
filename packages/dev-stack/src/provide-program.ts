import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder } from "@fanfare/tools/cache-folder";
import { buildProgram, buildTimeoutMs } from "./build-program.ts";
import { describeError } from "./describe-error.ts";
import { downloadProgram } from "./download-program.ts";
import { withLock } from "./file-lock.ts";
import { findProgram, getCachedPath } from "./find-program.ts";
import type { Program } from "./programs.ts";
import { type Progress, withProgress } from "./progress.ts";

/** Options of {@link provideProgram}. */
export interface ProvideOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Where to download from. Default: the folder of the release. */
  readonly folderUrl?: string | undefined;
}

/**
 * Returns the path of a program: one on PATH whose version is accepted, the one in the cache folder, or
 * the pinned version, which it downloads or builds into the cache folder. Concurrent processes wait for
 * the first one. Rejects with one line that names what is missing and what to do.
 */
export async function provideProgram(
  program: Program,
  { env = process.env, ...options }: ProvideOptions = {},
): Promise<string> {
  const found = await findProgram(program, env);
  if (found !== undefined) return found;
  const file = getCachedPath(program, env);
  return await withLock(
    `${dirname(file)}.lock`,
    async () => {
      const meanwhile = await findProgram(program, env);
      if (meanwhile !== undefined) return meanwhile;
      const scratch = await createScratchFolder(program, cacheFolder(env));
      try {
        await installAtomically(file, await downloadOrBuild(program, scratch, { ...options, env }));
      } finally {
        await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
      }
      return file;
    },
    { timeoutMs: buildTimeoutMs, signal: options.signal },
  );
}

/** Creates a folder to download and build in. Removes those of processes that were killed meanwhile. */
async function createScratchFolder({ name, version }: Program, cache: string): Promise<string> {
  await mkdir(cache, { recursive: true });
  const prefix = `${name}-${version}-new-`;
  const left = (await readdir(cache)).filter((entry) => entry.startsWith(prefix));
  for (const entry of left) await rm(join(cache, entry), { recursive: true, force: true });
  return await mkdtemp(join(cache, prefix));
}

async function downloadOrBuild(
  program: Program,
  scratch: string,
  { env = process.env, progress, folderUrl, signal }: ProvideOptions,
): Promise<string> {
  const name = `${program.name} ${program.version}`;
  const [downloads, build] = [join(scratch, "download"), join(scratch, "build")];
  await Promise.all([mkdir(downloads), mkdir(build)]);
  let refusal: string;
  try {
    const download = () => downloadProgram(program, downloads, { folderUrl, signal });
    return await withProgress(`downloading ${name}`, download, progress);
  } catch (error) {
    signal?.throwIfAborted();
    refusal = describeError(error);
    progress?.(`${name} cannot be downloaded (${refusal})`);
  }
  try {
    const go = () => buildProgram(program, build, { env, signal });
    return await withProgress(`building ${name} with go install`, go, progress);
  } catch (error) {
    const { variable } = program;
    const alternative = variable === undefined ? "" : `, or name a running server in ${variable}`;
    throw new Error(
      `${program.name} (${program.needs}) is missing, cannot be downloaded (${refusal}) and cannot ` +
        `be built (${describeError(error)}): install it or Go${alternative}`,
      { cause: error },
    );
  }
}

/** Moves a finished program into place with one rename, so that no reader sees half of it. */
async function installAtomically(target: string, file: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await chmod(file, 0o755);
  await rename(file, target);
}

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Program } from "./programs.ts";

const run = promisify(execFile);

/** Where a program was built. */
export interface Build {
  readonly file: string;
  /** Go's module cache, which has the sources of the program. */
  readonly modules: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Rejects when a program was built from other modules than the pinned ones. The hash of its own module is
 * in this repository; those of its dependencies are in that module's go.sum. Go writes into a program the
 * hashes of what it was built from.
 */
export async function verifyModules(
  { name, source }: Program,
  { file, modules, env }: Build,
): Promise<void> {
  const { stdout } = await run("go", ["version", "-m", file], { env, timeout: 60_000 });
  const [main, ...others] = [...stdout.matchAll(/^\t(?:mod|dep|=>)\t(\S+)\t(\S+)\t?(\S*)$/gm)].map(
    ([, path = "", version = "", hash = ""]) => ({ path, version, hash }),
  );
  if (main?.hash !== source.hash) {
    throw new Error(
      `expected ${name} built from a module with the hash ${source.hash}, got ${main?.hash ?? "none"}`,
    );
  }
  const folder = main.path.replaceAll(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
  const sum = await readFile(join(modules, `${folder}@${main.version}`, "go.sum"), "utf8");
  const known = new Set(sum.split("\n"));
  for (const { path, version, hash } of others) {
    if (!known.has(`${path} ${version} ${hash}`)) {
      throw new Error(`expected ${path} ${version} as in the go.sum of ${main.path}, got ${hash}`);
    }
  }
}

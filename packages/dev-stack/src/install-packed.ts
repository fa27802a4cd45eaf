import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cacheFolder } from "@fanfare/tools/cache-folder";
import { describeError } from "./describe-error.ts";
import { findMachineNode } from "./find-machine-node.ts";
import { packPackage, readManifest } from "./pack-package.ts";

/** Options of {@link installPacked}. */
export interface PackedOptions {
  /** The folders in packages/ to build, pack and install, including those that they depend on. */
  readonly packages: readonly string[];
  /** Further packages to install from the registry, in the versions that these packages use. */
  readonly also?: readonly string[];
}

/** A project outside the checkout, with packages installed from their tarballs. */
export interface PackedProject extends AsyncDisposable {
  readonly folder: string;
  /** Writes a file of the project, and creates the folders above it. */
  write(path: string, text: string): Promise<void>;
  /**
   * Runs a program in the project for at most two minutes, and returns its standard output. Rejects with
   * the output when it fails. `node` is the machine's own, 20 or newer; the checkout's tools (`tsc`,
   * `buf`) are on PATH too.
   */
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string>;
}

const root = fileURLToPath(new URL("../../../", import.meta.url));
const commandTimeoutMs = 120_000;

/**
 * Builds and packs packages of the checkout, and installs the tarballs with npm in an empty folder, which
 * is removed when the project is disposed.
 */
export async function installPacked(options: PackedOptions): Promise<PackedProject> {
  const { packages, also = [] } = options;
  const cache = cacheFolder();
  const folder = await realpath(await mkdtemp(join(tmpdir(), "fanfare-packed-")));
  const bins = [join(folder, "node_modules", ".bin"), await findMachineNode()];
  const tools = join(root, "node_modules", ".bin");
  const path = [...bins, process.env.PATH, tools].join(delimiter);

  async function run(
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<string> {
    const all = { ...process.env, PATH: path, ...env };
    try {
      const given = { cwd: folder, env: all, timeout: commandTimeoutMs };
      return (await promisify(execFile)(command, args, given)).stdout;
    } catch (reason) {
      throw new Error(`${command} ${args.join(" ")} failed:\n${readOutput(reason)}`, {
        cause: reason,
      });
    }
  }

  async function write(file: string, text: string): Promise<void> {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }

  const project: PackedProject = {
    folder,
    write,
    run,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
  try {
    const archives: string[] = [];
    for (const name of packages)
      archives.push(await packPackage(name, join(folder, "packed", name)));
    const others = await Promise.all(also.map((name) => pinVersion(name, packages)));
    const manifest = { name: "stranger", version: "1.0.0", private: true, type: "module" };
    await write("package.json", JSON.stringify(manifest));
    const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", ["install", ...quiet, ...archives, ...others], {
      npm_config_cache: join(cache, "npm"),
    });
    return project;
  } catch (error) {
    await project[Symbol.asyncDispose]();
    throw error;
  }
}

/** Returns `name@version` with the version that one of the packages uses. */
async function pinVersion(name: string, packages: readonly string[]): Promise<string> {
  const folders = [...packages.map((each) => join(root, "packages", each)), root];
  for (const each of folders) {
    const manifest = await readManifest(join(each, "node_modules", name)).catch(() => undefined);
    if (manifest !== undefined) return `${name}@${manifest.version}`;
  }
  throw new Error(`none of ${packages.join(", ")} uses ${name}`);
}

function readOutput(reason: unknown): string {
  if (!(reason instanceof Error)) return describeError(reason);
  const { message, stdout, stderr }: Error & { stdout?: string; stderr?: string } = reason;
  return [stdout, stderr].filter(Boolean).join("\n").slice(-8_000) || message;
}

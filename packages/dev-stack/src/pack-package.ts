import { exec, execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cacheFolder } from "@fanfare/tools/cache-folder";
import { providePnpm } from "@fanfare/tools/provide-pnpm";
import { withLock } from "./file-lock.ts";

/** The fields of a package.json that packing reads. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly scripts?: { readonly build?: string };
  readonly devEngines?: { readonly packageManager: { readonly version: string } };
  readonly publishConfig?: object;
}

const root = fileURLToPath(new URL("../../../", import.meta.url));
const timeoutMs = 120_000;

/** Reads the package.json of a folder. */
export async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
}

/** Returns the folders in packages/ that are published, sorted by name. */
export async function listPublishedPackages(): Promise<string[]> {
  const names = await readdir(join(root, "packages"));
  const published = await Promise.all(
    names.map(async (name) => {
      const manifest = await readManifest(join(root, "packages", name)).catch(() => undefined);
      return manifest?.publishConfig === undefined ? [] : [name];
    }),
  );
  return published.flat().toSorted();
}

/**
 * Builds a folder of packages/ from scratch, packs it, and returns the path of the tarball. Processes that
 * pack the same package wait for each other.
 */
export async function packPackage(name: string, to: string): Promise<string> {
  const folder = join(root, "packages", name);
  const cache = cacheFolder();
  const version = (await readManifest(root)).devEngines?.packageManager.version ?? "";
  const { build } = (await readManifest(folder)).scripts ?? {};
  if (build === undefined) throw new Error(`packages/${name} has no build script: add one`);
  const pnpm = await withLock(join(cache, "pnpm.lock"), () =>
    providePnpm({ cache, version, env: process.env, report: silent }),
  );
  const path = [join(root, "node_modules", ".bin"), pnpm, process.env.PATH].join(delimiter);
  const given = { cwd: folder, env: { ...process.env, PATH: path }, timeout: timeoutMs };
  return await withLock(join(cache, `pack-${name}.lock`), async () => {
    await rm(join(folder, "dist"), { recursive: true, force: true });
    await promisify(exec)(build, given);
    await mkdir(to, { recursive: true });
    const fresh = await mkdtemp(join(to, "packing-"));
    await promisify(execFile)("pnpm", ["pack", "--pack-destination", fresh], given);
    const [tarball = ""] = await readdir(fresh);
    await rename(join(fresh, tarball), join(to, tarball));
    await rm(fresh, { recursive: true });
    return join(to, tarball);
  });
}

const silent = {
  found: () => {},
  track: <T>(_name: string, _what: string, work: () => Promise<T>) => work(),
};

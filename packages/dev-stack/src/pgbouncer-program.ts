import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "@fanfare/tools/cache-folder";
import { isExecutable } from "./find-program.ts";

const run = promisify(execFile);

/** An installed PgBouncer. */
export interface PgBouncerProgram {
  readonly command: string;
  /** The variables with which it finds its libraries. */
  readonly env: Readonly<Record<string, string>>;
}

/** PgBouncer and the libraries that Debian does not install by itself. */
const debianPackages = ["pgbouncer", "libevent-2.1-7", "libc-ares2"];

/** Finds PgBouncer on PATH or in the cache folder. Returns undefined when there is none. */
export async function findPgBouncer(
  env: NodeJS.ProcessEnv = process.env,
): Promise<PgBouncerProgram | undefined> {
  const folders = [...(env.PATH ?? "").split(delimiter), "/usr/sbin"];
  for (const folder of folders.filter((name) => name !== "")) {
    const command = join(folder, "pgbouncer");
    if (await isExecutable(command)) return { command, env: {} };
  }
  const root = readCachedRoot(env);
  const command = join(root, "usr/sbin/pgbouncer");
  if (!(await isExecutable(command))) return undefined;
  const libraries = (await readdir(join(root, "usr/lib"))).map((name) =>
    join(root, "usr/lib", name),
  );
  return { command, env: { LD_LIBRARY_PATH: libraries.join(delimiter) } };
}

/**
 * Returns PgBouncer, which it unpacks from Debian's packages into the cache folder when there is none.
 * Installs nothing on the machine. Rejects where there is no apt-get.
 */
export async function providePgBouncer(
  env: NodeJS.ProcessEnv = process.env,
): Promise<PgBouncerProgram> {
  const found = await findPgBouncer(env);
  if (found !== undefined) return found;
  await mkdir(cacheFolder(env), { recursive: true });
  const scratch = await mkdtemp(join(cacheFolder(env), "pgbouncer-new-"));
  try {
    await run("apt-get", ["download", ...debianPackages], { cwd: scratch, timeout: 60_000 });
    const archives = (await readdir(scratch)).filter((name) => name.endsWith(".deb"));
    for (const archive of archives) await run("dpkg", ["-x", archive, "root"], { cwd: scratch });
    await mkdir(join(cacheFolder(env), "bin"), { recursive: true });
    await rename(join(scratch, "root"), readCachedRoot(env));
  } catch (cause) {
    const installed = await findPgBouncer(env);
    if (installed !== undefined) return installed;
    throw new Error(
      "PgBouncer is missing and its packages cannot be fetched with apt-get: install pgbouncer",
      { cause },
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return await providePgBouncer(env);
}

function readCachedRoot(env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(env), "bin", "pgbouncer-debian");
}

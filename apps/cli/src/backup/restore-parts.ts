import { execFile } from "node:child_process";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { restoreStreams } from "@fanfare/bus-nats";
import { startNats, type User } from "@fanfare/dev-stack";
import { createNatsSecrets, locateAccounts, locateSeed } from "@fanfare/nats-users";
import { openSecretsFolder } from "@fanfare/secrets";

const run = promisify(execFile);

/** What cp states of a full disk, a full quota, and the largest file that is permitted. */
const diskFull = /No space left on device|Disk quota exceeded|File too large|SIGXFSZ/;

/**
 * Copies files and folders into a folder, and gives them to the user that their server runs as. Default: the
 * user of this process. Uses cp, which needs fewer privileges in a container than `copyFile` of Node.js.
 */
export async function copyFiles(
  paths: readonly string[],
  folder: string,
  owner?: User,
): Promise<void> {
  try {
    await run("cp", ["-R", ...paths, folder], { env: { ...process.env, LC_ALL: "C" } });
  } catch (error) {
    const { stderr = "", signal }: { stderr?: string; signal?: string } = Object(error);
    const reason = stderr.trim() || `cp ended with ${signal}`;
    const code = diskFull.test(reason) ? { code: "ENOSPC" } : {};
    throw Object.assign(new Error(reason, { cause: error }), code);
  }
  if (owner === undefined) return;
  const copies = paths.map((path) => join(folder, basename(path)));
  await run("chown", ["-R", `${owner.uid}:${owner.gid}`, ...copies]);
}

/** Restores the streams through a server of their own, which writes its files to a folder and stops. */
export async function restoreNatsData(
  from: string,
  to: string,
  { secretsFolder, signal }: { readonly secretsFolder: string; readonly signal: AbortSignal },
): Promise<void> {
  await createNatsSecrets(secretsFolder);
  const secrets = openSecretsFolder(secretsFolder);
  const { NATS_URL: _, ...env } = process.env;
  await using nats = await startNats({
    data: to,
    configFile: locateAccounts(secrets),
    env,
    signal,
  });
  await restoreStreams({ servers: nats.url, nkeyFile: locateSeed(secrets, "provision") }, from);
}

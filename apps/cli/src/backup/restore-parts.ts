import { chown, cp, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { restoreStreams } from "@fanfare/bus-nats";
import { startNats, type User } from "@fanfare/dev-stack";
import { createNatsSecrets, locateAccounts, locateSeed } from "@fanfare/nats-users";
import { openSecretsFolder } from "@fanfare/secrets";

/**
 * Copies a file, or a folder with the paths that are wanted, and gives it to the user that its server runs
 * as. Default: everything, for the user of this process.
 */
export async function copyFiles(
  from: string,
  to: string,
  owner?: User,
  isWanted: (path: string) => boolean = () => true,
): Promise<void> {
  await cp(from, to, { recursive: true, filter: isWanted });
  if (owner === undefined) return;
  const entries = (await stat(to)).isDirectory()
    ? await readdir(to, { recursive: true, withFileTypes: true })
    : [];
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  for (const path of [to, ...paths]) await chown(path, owner.uid, owner.gid);
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

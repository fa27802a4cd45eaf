import { access, mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { openStreamBackup } from "@fanfare/bus-nats";
import { isRunning } from "@fanfare/dev-stack";
import { locateSeed } from "@fanfare/nats-users";
import { openSecretsFolder, readPostgresPassword } from "@fanfare/secrets";
import { CliError } from "../cli-error.ts";
import { toNatsTls } from "../nats/to-nats-tls.ts";
import { getSecretsFolder, type RunningStack, readStack } from "../stack/running-stack.ts";
import { getStateFolder } from "../stack/state-folder.ts";
import { stateFormat } from "../stack/state-format.ts";
import { createTerminal } from "../terminal.ts";
import { countBytes, type Manifest, writeManifest } from "./manifest.ts";
import { backUpPostgres } from "./postgres-backup.ts";
import { backUpTemporal } from "./temporal-backup.ts";

/**
 * Backs up the running stack of this checkout into a folder that is missing or empty, and prints the instant
 * whose state the backup has. A backup that fails leaves no folder.
 */
export async function backupCommand(
  folder: string,
  { json = false }: { readonly json?: boolean },
): Promise<void> {
  const stack = await readStack();
  if (stack === undefined || !isRunning(stack.pid)) {
    throw new CliError(`expected a running stack in ${getStateFolder()}: start it with npm start`);
  }
  const target = resolve(folder);
  await checkEmpty(target);
  const part = `${target}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(dirname(part), { recursive: true });
  await mkdir(part, { mode: 0o700 });
  let manifest: Manifest;
  try {
    manifest = await saveAll(stack, part);
    await rm(target, { recursive: true, force: true });
    await rename(part, target);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
  const { began, instant } = manifest;
  const bytes = countBytes(manifest);
  const terminal = createTerminal();
  if (json) return terminal.line(JSON.stringify({ folder: target, began, instant, bytes }));
  terminal.line(`Backed up ${Math.ceil(bytes / 2 ** 20)} MB to ${target}`);
  terminal.line(`It has the state of ${instant}. What is acknowledged after that is not in it.`);
}

/**
 * Saves the parts, the oldest first. Workflows and positions of consumers may be older than the databases:
 * a step that is repeated is answered by its key, an event that is delivered again by the inboxes. The
 * streams end at the instant of the databases, so that no event is lost and none is without its cause.
 */
async function saveAll(stack: RunningStack, to: string): Promise<Manifest> {
  const began = new Date();
  const data = join(getStateFolder(), "data");
  const { adminUrl, nats } = await locateServers(stack);
  const temporal = join(data, "temporal", "temporal.db");
  await access(temporal).catch(() => {
    throw new CliError(
      `expected the Temporal of this stack in ${temporal}: back up a server of yours with its own tools`,
    );
  });
  await backUpTemporal(temporal, join(to, "temporal", "temporal.db"));
  await using streams = await openStreamBackup(nats, join(to, "streams"));
  await streams.saveSnapshots();
  await mkdir(join(to, "postgres"), { mode: 0o700 });
  const { version, instant, read } = await backUpPostgres({
    adminUrl,
    cluster: join(data, "postgres", "cluster"),
    to: join(to, "postgres", "cluster"),
    atInstant: () => streams.readEnds(),
  });
  await streams.saveUntil(read);
  return await writeManifest(to, {
    stateFormat,
    postgresVersion: version,
    began: began.toISOString(),
    instant: instant.toISOString(),
  });
}

async function locateServers({ addresses, environments, tls }: RunningStack) {
  const secrets = openSecretsFolder(getSecretsFolder());
  const adminUrl = new URL(addresses["PostgreSQL"] ?? "");
  adminUrl.username = "postgres";
  adminUrl.password = (await readPostgresPassword(secrets)) ?? "";
  const { NATS_URL = "", NATS_NKEY_FILE } = environments["worker"] ?? {};
  const login = NATS_NKEY_FILE === undefined ? {} : { nkeyFile: locateSeed(secrets, "provision") };
  return { adminUrl: adminUrl.href, nats: { servers: NATS_URL, ...login, ...toNatsTls(tls) } };
}

async function checkEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new CliError(`expected a folder at ${folder}, found something else: name another one`);
  });
  if (entries.length === 0) return;
  throw new CliError(`expected an empty folder at ${folder}, found files: name another one`);
}

import { chown, cp, mkdir, readdir, rename, rm, statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import { restoreStreams } from "@fanfare/bus-nats";
import { createRunner, findPostgresBin, startNats, withLock } from "@fanfare/dev-stack";
import { createNatsSecrets, locateAccounts, locateSeed } from "@fanfare/nats-users";
import { openSecretsFolder } from "@fanfare/secrets";
import { CliError } from "../cli-error.ts";
import { awaitPredecessor } from "../stack/await-predecessor.ts";
import { reportProgress } from "../stack/prepare.ts";
import { getSecretsFolder } from "../stack/running-stack.ts";
import { createStateFolder, getStateFolder } from "../stack/state-folder.ts";
import { listData, resetState, stateFormat, writeFormat } from "../stack/state-format.ts";
import { createTerminal } from "../terminal.ts";
import { checkBackup, countBytes, type Manifest } from "./manifest.ts";

/** The options of the restore command. */
export interface RestoreOptions {
  /** Removes the data that the stack has. */
  readonly replace?: boolean;
  /** Leaves out the workflows: the reconciler starts those of open trips again. */
  readonly withoutTemporal?: boolean;
  readonly json?: boolean;
}

/**
 * Restores a backup as the data of this checkout's stack, which must not run, and prints the instant whose
 * state it has. Changes nothing until every file of the backup is checked and copied.
 */
export async function restoreCommand(
  folder: string,
  options: RestoreOptions,
  signal: AbortSignal,
): Promise<void> {
  const state = createStateFolder();
  const data = join(state, "data");
  const lockFile = join(state, "up.lock");
  const postgresPidFile = join(data, "postgres", "cluster", "postmaster.pid");
  await awaitPredecessor({ ports: [], lockFile, postgresPidFile, report: reportProgress, signal });
  const source = resolve(folder);
  const manifest = await checkBackup(source);
  checkVersions(source, manifest);
  await withLock(lockFile, () => restore(source, { data, manifest, ...options, signal }), {
    timeoutMs: 20_000,
    what: `a stack of this checkout to stop (${lockFile})`,
    signal,
  });
  const { instant } = manifest;
  const terminal = createTerminal();
  const until = new Date().toISOString();
  if (options.json) return terminal.line(JSON.stringify({ data, lost: { from: instant, until } }));
  terminal.line(`Restored the state of ${instant} to ${data}. Start it with npm start.`);
  terminal.line(`Lost: what was acknowledged between ${instant} and ${until}.`);
}

interface Restoring extends RestoreOptions {
  readonly data: string;
  readonly manifest: Manifest;
  readonly signal: AbortSignal;
}

async function restore(source: string, options: Restoring): Promise<void> {
  const { data, manifest, replace, withoutTemporal, signal } = options;
  if (!replace && (await listData(data)).length > 0) {
    throw new CliError(
      `expected no data in ${data}, found some: move it away, or remove it with --replace`,
    );
  }
  const part = join(getStateFolder(), "restore.part");
  await rm(part, { recursive: true, force: true });
  try {
    await mkdir(part);
    await checkSpace(part, countBytes(manifest));
    await restorePostgres(join(source, "postgres"), join(part, "postgres"));
    await restoreNats(join(source, "streams"), join(part, "nats"), signal);
    if (!withoutTemporal) {
      await cp(join(source, "temporal"), join(part, "temporal"), { recursive: true });
    }
    signal.throwIfAborted();
    await resetState(data, (path) => reportProgress(`Removing ${path}`));
    await mkdir(data, { recursive: true });
    for (const name of await readdir(part)) await rename(join(part, name), join(data, name));
    // Data without the number of its format is refused: the number comes last.
    await writeFormat(data);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

function checkVersions(source: string, manifest: Manifest): void {
  if (manifest.stateFormat === stateFormat) return;
  throw new CliError(
    `expected data of format ${stateFormat} in ${source}, found ${manifest.stateFormat}: ` +
      "restore it with the version that wrote it",
  );
}

/** Rejects when a folder has no room for a backup and as much again for the log that is replayed. */
async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const needed = bytes * 2;
  if (bavail * bsize >= needed) return;
  throw new CliError(
    `expected ${formatSize(needed)} free for ${folder}, found ${formatSize(bavail * bsize)}: free space, ` +
      "or set FANFARE_STATE to a folder on another disk",
  );
}

function formatSize(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MB`;
}

/** Copies the files of the databases, with the owner that the server runs as. */
async function restorePostgres(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true });
  const { owner } = await createRunner(findPostgresBin(), to);
  if (owner === undefined) return;
  const entries = await readdir(join(to, "cluster"), { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  for (const path of [join(to, "cluster"), ...paths]) await chown(path, owner.uid, owner.gid);
}

/** Restores the streams through a server of their own, which writes the files and stops. */
async function restoreNats(from: string, to: string, signal: AbortSignal): Promise<void> {
  const path = getSecretsFolder();
  await createNatsSecrets(path);
  const secrets = openSecretsFolder(path);
  const { NATS_URL: _, ...env } = process.env;
  await using nats = await startNats({
    data: to,
    configFile: locateAccounts(secrets),
    env,
    signal,
  });
  await restoreStreams({ servers: nats.url, nkeyFile: locateSeed(secrets, "provision") }, from);
}

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { createRunner, findPostgresBin, withLock } from "@fanfare/dev-stack";
import { CliError } from "../cli-error.ts";
import { awaitPredecessor } from "../stack/await-predecessor.ts";
import { reportProgress } from "../stack/prepare.ts";
import { getSecretsFolder } from "../stack/running-stack.ts";
import { createStateFolder } from "../stack/state-folder.ts";
import { listData, replaceState } from "../stack/state-format.ts";
import { checkCodecKeys, checkPostgresVersion, checkStateVersion } from "./check-versions.ts";
import { checkSpace, explainFullDisk } from "./disk-space.ts";
import {
  checkBackup,
  countBytes,
  hasWorkflows,
  type Manifest,
  temporalFolder,
} from "./manifest.ts";
import { copyFiles, restoreNatsData } from "./restore-parts.ts";

/** Options of {@link restoreStack}. */
export interface RestoreStackOptions {
  /** Removes the data that the stack has. */
  readonly replace?: boolean | undefined;
  /** Leaves out the workflows: the reconciler starts those of open trips again. */
  readonly withoutTemporal?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** What was restored, and where. */
export interface Restored {
  readonly manifest: Manifest;
  readonly data: string;
}

/**
 * Restores a backup as the data of this checkout's stack, which must not run. Changes nothing until every
 * file of the backup is checked and copied.
 */
export async function restoreStack(
  source: string,
  options: RestoreStackOptions,
): Promise<Restored> {
  const { replace = false, withoutTemporal = false, signal } = options;
  const state = createStateFolder();
  const data = join(state, "data");
  const lockFile = join(state, "up.lock");
  const postgresPidFile = join(data, "postgres", "cluster", "postmaster.pid");
  await awaitPredecessor({ ports: [], lockFile, postgresPidFile, report: reportProgress, signal });
  const manifest = await checkBackup(source);
  checkStateVersion(source, manifest);
  await checkPostgresVersion(source, manifest);
  if (!withoutTemporal) await checkCodecKeys(manifest, getSecretsFolder());

  async function restore(): Promise<void> {
    if (!replace && (await listData(data)).length > 0) {
      throw new CliError(
        `expected no data in ${data}, found some: move it away, or remove it with --replace`,
      );
    }
    const part = join(state, "restore.part");
    await rm(part, { recursive: true, force: true });
    try {
      await mkdir(part);
      await writeParts(source, part, { manifest, withoutTemporal, signal });
      signal.throwIfAborted();
      await replaceState(data, part);
    } catch (error) {
      throw explainFullDisk(error, state);
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  }

  await withLock(lockFile, restore, {
    timeoutMs: 20_000,
    what: `a stack of this checkout to stop (${lockFile})`,
    signal,
  });
  return { manifest, data };
}

interface Parts {
  readonly manifest: Manifest;
  readonly withoutTemporal: boolean;
  readonly signal: AbortSignal;
}

/** Writes the data of each server into a folder that the stack does not use yet. */
async function writeParts(
  source: string,
  part: string,
  { manifest, withoutTemporal, signal }: Parts,
): Promise<void> {
  // The log that is replayed may need as much again.
  await checkSpace(part, countBytes(manifest) * 2);
  const { owner } = await createRunner(findPostgresBin(), part);
  await mkdir(join(part, "postgres"));
  await copyFiles([join(source, "postgres", "cluster")], join(part, "postgres"), owner);
  await restoreNatsData(join(source, "streams"), join(part, "nats"), {
    secretsFolder: getSecretsFolder(),
    signal,
  });
  if (withoutTemporal || !hasWorkflows(manifest)) return;
  await copyFiles([join(source, temporalFolder)], part);
}

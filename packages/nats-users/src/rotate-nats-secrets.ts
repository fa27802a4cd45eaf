import { rm } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { BusError } from "@fanfare/bus";
import {
  connectNats,
  createNKey,
  createUserOptions,
  type NatsOptions,
  reloadServers,
} from "@fanfare/bus-nats";
import { openSecretsFolder, type SecretsFolder } from "@fanfare/secrets";
import { composeAccounts } from "./create-nats-secrets.ts";
import {
  accountsFile,
  locateSeed,
  type NatsHolder,
  natsHolders,
  nextSeedFile,
  seedFile,
} from "./nats-files.ts";

/** The pause before the servers are reloaded again, in milliseconds. */
const pauseMs = 500;

/** The options of `rotateNatsSecrets`. */
export interface RotationOptions {
  /** Where NATS is, without a login. Without it, each call takes one step. */
  readonly nats?: NatsOptions | undefined;
  /** How long the servers may take to read a file that has changed, in milliseconds. Default: 180,000. */
  readonly timeoutMs?: number;
  /** Called with each step that is done. */
  readonly report?: ((line: string) => void) | undefined;
}

/**
 * Replaces the NKey of every holder in three steps: the servers accept a second key of each, then the files
 * have the second key, then the servers accept it alone. They disconnect each client that still has the first
 * one, and it connects again with the file's. Where a call ended early, the next one continues.
 *
 * With `nats`, it reloads the servers and takes all steps. Without, it takes one step, and reports what to
 * do before the next.
 *
 * @example
 * const nats = { servers: "nats://127.0.0.1:4222" };
 * await rotateNatsSecrets("/run/fanfare/secrets", { nats, report: console.log });
 */
export async function rotateNatsSecrets(
  path: string,
  { nats, timeoutMs = 180_000, report = () => {} }: RotationOptions = {},
): Promise<void> {
  const folder = openSecretsFolder(path);
  if ((await folder.read(...accountsFile)) === undefined) {
    throw new Error(
      `expected the keys of NATS in ${path}, found no ${accountsFile.join("/")}: create them with fanfare secrets`,
    );
  }
  const apply = async () => {
    if (nats !== undefined) await applyAccounts(nats, folder, timeoutMs);
  };
  let step = await findStep(folder);
  if (step === "begin") {
    for (const holder of natsHolders) {
      await folder.write(holder, nextSeedFile, `${createNKey().seed}\n`);
    }
    await folder.write(...accountsFile, await composeAccounts(folder));
    report("step 1 of 3: accounts.conf has a second key of each user");
    if (nats === undefined) return report("reload the NATS servers, then repeat the command");
    step = "replace";
  }
  if (step === "replace") {
    await apply();
    for (const holder of natsHolders) await replaceSeed(folder, holder);
    report(`step 2 of 3: each ${seedFile} has the second key`);
    if (nats === undefined) return report("distribute these files, then repeat the command");
  }
  await folder.write(...accountsFile, await composeAccounts(folder));
  await apply();
  report("step 3 of 3: accounts.conf has the second key alone");
  if (nats === undefined) report("reload the NATS servers");
}

/** Finds the step that comes next from the files. */
async function findStep(folder: SecretsFolder): Promise<"begin" | "replace" | "finish"> {
  for (const holder of natsHolders) {
    if ((await folder.read(holder, nextSeedFile)) !== undefined) return "replace";
  }
  const isFinished = (await folder.read(...accountsFile)) === (await composeAccounts(folder));
  return isFinished ? "begin" : "finish";
}

async function replaceSeed(folder: SecretsFolder, holder: NatsHolder): Promise<void> {
  const next = await folder.read(holder, nextSeedFile);
  if (next === undefined) return;
  await folder.write(holder, seedFile, next);
  await rm(folder.locate(holder, nextSeedFile));
}

/** Reloads the servers until they accept the newest keys of the folder. */
async function applyAccounts(
  nats: NatsOptions,
  folder: SecretsFolder,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    await reloadServers({ ...nats, nkeyFile: locateSeed(folder, "nats-system") });
    if (await acceptsNewest(nats, folder)) return;
    if (performance.now() > deadline) {
      throw new Error(
        `expected the NATS servers to accept the keys of ${accountsFile.join("/")} within ${timeoutMs} ms: check that their configuration includes this file, and repeat the command`,
      );
    }
    await setTimeout(pauseMs);
  }
}

async function acceptsNewest(nats: NatsOptions, folder: SecretsFolder): Promise<boolean> {
  const next = await folder.read("operator", nextSeedFile);
  const nkeyFile = folder.locate("operator", next === undefined ? seedFile : nextSeedFile);
  try {
    const bus = await connectNats({ ...nats, ...createUserOptions("operator", { nkeyFile }) });
    const { connected } = bus.health();
    await bus.close();
    return connected;
  } catch (reason) {
    if (BusError.from(reason).code === "permission_denied") return false;
    throw reason;
  }
}

import { createNKey, formatAccounts, readPublicKey } from "@fanfare/bus-nats";
import { openSecretsFolder, type SecretsFolder } from "@fanfare/secrets";
import { natsUsers } from "@fanfare/topology";
import {
  accountsFile,
  type NatsHolder,
  natsHolders,
  nextSeedFile,
  seedFile,
} from "./nats-files.ts";

/**
 * Creates the NKeys that are missing in a folder of secrets, each in the folder of its holder, and
 * nats/accounts.conf, which the configuration of the NATS servers includes. Changes no key that exists.
 * Returns the files that were written.
 *
 * @example
 * const written = await createNatsSecrets("/run/fanfare/secrets");
 * console.log(written); // ["worker/nats.nk", …, "nats/accounts.conf"]
 */
export async function createNatsSecrets(path: string): Promise<readonly string[]> {
  const folder = openSecretsFolder(path);
  await folder.create();
  for (const holder of natsHolders) {
    if ((await folder.read(holder, seedFile)) !== undefined) continue;
    await folder.write(holder, seedFile, `${createNKey().seed}\n`);
  }
  await folder.write(...accountsFile, await composeAccounts(folder));
  return folder.written;
}

/**
 * Composes the accounts of the servers, which contain no secrets. Each holder has the key of its seed, and
 * while it is rotated that of the next one as well.
 */
export async function composeAccounts(folder: SecretsFolder): Promise<string> {
  const readKeys = (holder: NatsHolder) => readPublicKeys(folder, holder);
  return formatAccounts({
    users: await Promise.all(
      natsUsers.map(async (user) => ({ ...user, nkeys: await readKeys(user.name) })),
    ),
    administrators: await readKeys("provision"),
    system: await readKeys("nats-system"),
  });
}

async function readPublicKeys(folder: SecretsFolder, holder: NatsHolder): Promise<string[]> {
  const seeds = await Promise.all(
    [seedFile, nextSeedFile].map((file) => folder.read(holder, file)),
  );
  const keys = seeds.filter((seed) => seed !== undefined).map(readPublicKey);
  return Array.from(new Set(keys));
}

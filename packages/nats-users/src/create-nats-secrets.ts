import { randomBytes } from "node:crypto";
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
 * With `routes`, the addresses of the servers of a cluster, it also writes nats/routes.conf, which the
 * cluster's part of the configuration includes: the routes, with a password without which no server may join.
 * Returns the files that were written.
 *
 * @example
 * const written = await createNatsSecrets("/run/fanfare/secrets");
 * console.log(written); // ["worker/nats.nk", …, "nats/accounts.conf"]
 */
export async function createNatsSecrets(
  path: string,
  routes: readonly string[] = [],
): Promise<readonly string[]> {
  const folder = openSecretsFolder(path);
  await folder.create();
  for (const holder of natsHolders) {
    if ((await folder.read(holder, seedFile)) !== undefined) continue;
    await folder.write(holder, seedFile, `${createNKey().seed}\n`);
  }
  await folder.write(...accountsFile, await composeAccounts(folder));
  if (routes.length > 0) await writeRoutes(folder, routes);
  return folder.written;
}

/** The folder and the file that the cluster's part of the configuration includes. */
const routesFile = ["nats", "routes.conf"] as const;

async function writeRoutes(folder: SecretsFolder, routes: readonly string[]): Promise<void> {
  const known = /password: "([\w-]+)"/.exec((await folder.read(...routesFile)) ?? "")?.[1];
  const password = known ?? randomBytes(24).toString("base64url");
  const addresses = routes.map((route) => `  "nats://route:${password}@${route}"\n`);
  const text = `authorization { user: route, password: "${password}" }\nroutes: [\n${addresses.join("")}]\n`;
  await folder.write(...routesFile, text);
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

import type { SecretsFolder } from "@fanfare/secrets";
import { type NatsUser, natsUsers } from "@fanfare/topology";

/**
 * Who has an NKey of NATS: each user, in the folder of its name; `provision`, which may do everything in the
 * account of the streams; and `nats-system`, which may monitor and reload the servers.
 */
export type NatsHolder = NatsUser["name"] | "provision" | "nats-system";

/** All holders of an NKey. */
export const natsHolders: readonly NatsHolder[] = [
  ...natsUsers.map(({ name }) => name),
  "provision",
  "nats-system",
];

/** The file with the seed of a holder, for NATS_NKEY_FILE. */
export const seedFile = "nats.nk";
/** The file with the seed that replaces it, while they are rotated. */
export const nextSeedFile = "nats.next.nk";
/** The folder and the file that the server's configuration includes. */
export const accountsFile = ["nats", "accounts.conf"] as const;

/**
 * Returns the path of a holder's seed.
 *
 * @example
 * const secrets = openSecretsFolder("/run/fanfare/secrets");
 * await connectNats({ servers, nkeyFile: locateSeed(secrets, "provision") });
 */
export function locateSeed(folder: SecretsFolder, holder: NatsHolder): string {
  return folder.locate(holder, seedFile);
}

/**
 * Returns the path of the file that the server's configuration includes.
 *
 * @example
 * console.log(locateAccounts(openSecretsFolder("/run/fanfare/secrets")));
 */
export function locateAccounts(folder: SecretsFolder): string {
  return folder.locate(...accountsFile);
}

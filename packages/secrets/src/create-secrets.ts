import { parts } from "./parts.ts";
import { openSecretsFolder } from "./secrets-folder.ts";
import type { SecretsSettings } from "./secrets-part.ts";

/**
 * Creates the secrets of a deployment that are missing in a folder, and changes none that exist. Each app
 * has a folder of its own, named after it, with only what this app may read:
 *
 * - database-url; jwks.json and service-jwks.json for who serves calls; service-key.json for who calls others;
 *   and codec-keys.json for who uses Temporal;
 * - `postgres` has the administrator's password, and admin-url, the URL
 *   with the password, and logins.json, which `fanfare provision` needs and which contains no passwords;
 * - `keys` has the keys that sign development tokens, and the public keys;
 * - `temporal-server` has the certificates of a Temporal server and the keys that verify tokens, each of its clients
 *   its certificate and token, and `temporal-authority` what signs them;
 * - the administrator's name of each other PostgreSQL server is a folder with its password, and pgpass, the
 *   password file of libpq.
 *
 * Returns the files that were written, such as trips/database-url. An address of PostgreSQL that has changed
 * is written to every URL, with the same password.
 */
export async function createSecrets(
  path: string,
  settings: SecretsSettings = {},
): Promise<readonly string[]> {
  const folder = openSecretsFolder(path);
  await folder.create();
  for (const part of parts) await part.create({ folder, settings });
  return folder.written;
}

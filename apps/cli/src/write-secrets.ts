import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createDevKeys, deriveDatabaseUrl, mintToken } from "@fanfare/dev-stack";
import { appNames } from "@fanfare/topology";

/** Good for as long as a development stack is likely to stay up without being started again. */
const serviceTokenExpiresIn = "365d";

export interface SecretsOptions {
  /** The administrator's address of the apps' PostgreSQL server, without the password. */
  readonly postgresUrl: string;
  /** The same of other PostgreSQL servers, such as Temporal's own. */
  readonly otherUrls?: readonly string[];
}

/**
 * writeSecrets writes what each part of a deployment has to know and nobody else may, each into a
 * folder of its own, so that each can be given its own alone:
 *
 * - `postgres`: the administrator's password, and admin-url, the address with it;
 * - each app by its name: jwks.json and database-url, or service.token for the worker;
 * - each other server's administrator by name: a password, and pgpass, libpq's file with it;
 * - `keys`: what development tokens are signed with.
 *
 * Passwords and keys that are there already stay.
 */
export async function writeSecrets(
  folder: string,
  { postgresUrl, otherUrls = [] }: SecretsOptions,
): Promise<void> {
  const url = new URL(postgresUrl);
  url.password = await readOrCreatePassword(join(folder, "postgres", "password"));
  await write(join(folder, "postgres", "admin-url"), url.href);

  for (const other of otherUrls) await writePgpass(folder, other);

  const keys = await createDevKeys(join(folder, "keys"));
  const jwks = await readFile(keys.jwksFile, "utf8");
  for (const name of appNames) {
    if (name === "worker") {
      const claims = { role: "service", subject: name, expiresIn: serviceTokenExpiresIn } as const;
      await write(join(folder, name, "service.token"), await mintToken(keys, claims));
    } else {
      await write(join(folder, name, "jwks.json"), jwks);
      await write(join(folder, name, "database-url"), deriveDatabaseUrl(url.href, name));
    }
  }
}

/** writePgpass writes a password for a server's administrator, alone and as libpq reads it. */
async function writePgpass(folder: string, address: string): Promise<void> {
  const { hostname, port, username } = new URL(address);
  const password = await readOrCreatePassword(join(folder, username, "password"));
  const line = [hostname, port || "5432", "*", username, password].join(":");
  await write(join(folder, username, "pgpass"), `${line}\n`, 0o600);
}

/** passwordIn reads the password in a file, or makes one and writes it there. */
async function readOrCreatePassword(file: string): Promise<string> {
  const known = await readFile(file, "utf8").catch(() => "");
  if (known !== "") return known;
  const password = randomBytes(24).toString("base64url");
  await write(file, password);
  return password;
}

async function write(file: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, text, { mode });
  await rename(`${file}.new`, file);
}

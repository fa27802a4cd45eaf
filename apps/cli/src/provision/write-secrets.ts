import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createDevKeys, deriveDatabaseUrl, mintToken } from "@fanfare/dev-stack";
import { appNames } from "@fanfare/topology";

/** Longer than a development stack is likely to run without a restart. */
const serviceTokenExpiresIn = "365d";

/** Options of {@link writeSecrets}. */
export interface SecretsOptions {
  /** The administrator's URL of the apps' PostgreSQL server, without the password. */
  readonly postgresUrl: string;
  /** The administrator's URLs of other PostgreSQL servers, such as Temporal's. */
  readonly otherUrls?: readonly string[];
}

/**
 * Writes the secrets of a deployment, those of each part in its own folder, so that a part gets no other
 * secrets:
 *
 * - `postgres`: the administrator's password, and admin-url, the URL with the password;
 * - the name of each app: jwks.json and database-url, or service.token for the worker;
 * - the administrator's name of each other server: the password, and pgpass, the password file of libpq;
 * - `keys`: the keys that sign development tokens.
 *
 * Keeps existing passwords and keys.
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

/** Writes the password of a server's administrator, alone and as a password file of libpq. */
async function writePgpass(folder: string, address: string): Promise<void> {
  const { hostname, port, username } = new URL(address);
  const password = await readOrCreatePassword(join(folder, username, "password"));
  const line = [hostname, port || "5432", "*", username, password].join(":");
  await write(join(folder, username, "pgpass"), `${line}\n`, 0o600);
}

/** Reads the password in a file, or creates one and writes it to the file. */
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

import { parseLogins } from "./postgres/parse-logins.ts";
import type { DatabaseLogins } from "./postgres/provision-databases.ts";
import type { SecretsFolder } from "./secrets-folder.ts";

/** The files of PostgreSQL in a folder of secrets. */
export const postgresFiles = {
  holder: "postgres",
  password: "password",
  /** The password that replaces it, while it is rotated. */
  nextPassword: "password.next",
  adminUrl: "admin-url",
  logins: "logins.json",
  databaseUrl: "database-url",
} as const;

/** The mode of the password: a PostgreSQL server in a container reads it as a user of its own. */
export const serverMode = 0o644;

/** Reads the administrator's URL of the apps' PostgreSQL server. Throws an error when there is none. */
export async function readAdminUrl(folder: SecretsFolder): Promise<string> {
  const { holder, adminUrl } = postgresFiles;
  const url = await folder.read(holder, adminUrl);
  if (url !== undefined) return url;
  throw new Error(
    `expected the administrator's URL in ${folder.locate(holder, adminUrl)}, got none: ` +
      "run fanfare secrets --postgres <url>",
  );
}

/** Reads the administrator's password of the apps' PostgreSQL server. */
export async function readPostgresPassword(folder: SecretsFolder): Promise<string | undefined> {
  return await folder.read(postgresFiles.holder, postgresFiles.password);
}

/** Reads the logins that are enabled in each database. */
export async function readDatabaseLogins(folder: SecretsFolder): Promise<DatabaseLogins> {
  const text = await folder.read(postgresFiles.holder, postgresFiles.logins);
  return text === undefined
    ? {}
    : parseLogins(text, folder.locate(postgresFiles.holder, postgresFiles.logins));
}

/** Writes the logins that are enabled in each database. */
export async function writeDatabaseLogins(
  folder: SecretsFolder,
  logins: DatabaseLogins,
): Promise<void> {
  await folder.write(
    postgresFiles.holder,
    postgresFiles.logins,
    `${JSON.stringify(logins, undefined, 2)}\n`,
  );
}

/** Returns the URL with which a login connects to its database. */
export function createDatabaseUrl(
  adminUrl: URL,
  login: { readonly database: string; readonly login: string; readonly password: string },
): string {
  const url = new URL(adminUrl);
  url.username = login.login;
  url.password = login.password;
  url.pathname = `/${login.database}`;
  return url.href;
}

import { join, parse } from "node:path";
import { type AppName, appNames, hasDatabase } from "@fanfare/topology";
import { createPassword, createVerifier } from "./postgres/create-verifier.ts";
import { nameLogins } from "./postgres/provision-roles.ts";
import {
  createDatabaseUrl,
  postgresFiles,
  readDatabaseLogins,
  serverMode,
  writeDatabaseLogins,
} from "./postgres-files.ts";
import { rotatePostgres } from "./rotate-postgres.ts";
import type { SecretsFolder } from "./secrets-folder.ts";
import type { SecretsPart } from "./secrets-part.ts";

const { holder } = postgresFiles;

/** The passwords of the administrator and of each app's login, and the URLs with them. */
export const postgresPart: SecretsPart = {
  name: "postgres",
  async create(context) {
    const { folder, settings } = context;
    const password = await readOrCreatePassword(folder, holder);
    for (const url of settings.otherPostgresUrls ?? []) await writePgpass(folder, url);

    const previous = await folder.read(holder, postgresFiles.adminUrl);
    const adminUrl = chooseAdminUrl(settings.postgresUrl ?? previous, password);
    if (adminUrl === undefined) return;
    const moved = previous === undefined || !haveSameServer(new URL(previous), adminUrl);
    await folder.write(holder, postgresFiles.adminUrl, adminUrl.href);

    const logins = { ...(await readDatabaseLogins(folder)) };
    for (const app of appNames.filter(hasDatabase)) {
      const database = `${settings.databasePrefix ?? ""}${app}`;
      const url = await readDatabaseUrl(folder, app, database);
      const login = url?.username ?? nameLogins(database)[0];
      const known = url === undefined ? {} : logins[database];
      const secret = url?.password ?? createPassword();
      logins[database] = { ...known, [login]: known?.[login] ?? (await createVerifier(secret)) };
      await writeDatabaseLogins(folder, logins);
      if (url !== undefined && !moved) continue;
      const serverUrl = nameCertificate(adminUrl, app);
      const href = createDatabaseUrl(serverUrl, { database, login, password: secret });
      await folder.write(app, postgresFiles.databaseUrl, href);
    }
  },
  rotate: rotatePostgres,
};

/** Returns whether two URLs reach a server in the same way, with TLS or without. */
function haveSameServer(one: URL, other: URL): boolean {
  return one.host === other.host && one.search === other.search;
}

/** Replaces the administrator's client certificate by that of an app, in the same folder. */
function nameCertificate(adminUrl: URL, app: AppName): URL {
  const url = new URL(adminUrl);
  for (const name of ["sslcert", "sslkey"]) {
    const file = url.searchParams.get(name);
    if (file === null) continue;
    const { dir, name: user, ext } = parse(file);
    if (user === adminUrl.username) url.searchParams.set(name, join(dir, `${app}${ext}`));
  }
  return url;
}

/** Reads an app's URL; undefined when there is none, or one of another form, as older versions wrote. */
async function readDatabaseUrl(
  folder: SecretsFolder,
  app: AppName,
  database: string,
): Promise<URL | undefined> {
  const text = await folder.read(app, postgresFiles.databaseUrl);
  if (text === undefined) return undefined;
  const url = new URL(text);
  return nameLogins(database).includes(url.username) ? url : undefined;
}

function chooseAdminUrl(url: string | undefined, password: string): URL | undefined {
  if (url === undefined) return undefined;
  const adminUrl = new URL(url);
  if (adminUrl.password === "") adminUrl.password = password;
  return adminUrl;
}

/** Writes the password of another server's administrator, alone and as a password file of libpq. */
async function writePgpass(folder: SecretsFolder, address: string): Promise<void> {
  const { hostname, port, username } = new URL(address);
  const password = await readOrCreatePassword(folder, username);
  const line = [hostname, port || "5432", "*", username, password].join(":");
  await folder.write(username, "pgpass", `${line}\n`);
}

/** Reads the password of a server's administrator, or creates one. */
async function readOrCreatePassword(folder: SecretsFolder, server: string): Promise<string> {
  const known = await folder.read(server, postgresFiles.password);
  if (known !== undefined) return known;
  const password = createPassword();
  await folder.write(server, postgresFiles.password, password, serverMode);
  return password;
}

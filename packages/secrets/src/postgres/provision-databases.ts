import { type Client, escapeIdentifier, escapeLiteral } from "pg";
import { asAdministrator } from "./as-administrator.ts";
import { closeSchema, closeServer } from "./close-server.ts";
import { type Logins, nameLogins, provisionRoles } from "./provision-roles.ts";

/** The logins of each database, by the database's name. */
export type DatabaseLogins = Readonly<Record<string, Logins>>;

/**
 * The connections that an app's login may have: three processes with a pool of 10 each. Six databases with as
 * many fit into a server with 200, which keeps some for its administrator.
 */
export const defaultConnectionLimit = 30;

/** Options of {@link provisionDatabases}. */
export interface ProvisionDatabasesOptions {
  /** The connections that a login, and all of a database, may have at the same time. Default: no limit. */
  readonly connectionLimit?: number | undefined;
  /** Makes the role the owner of its database, who may change its settings. Default: the administrator. */
  readonly roleOwnsDatabase?: boolean;
}

/**
 * Creates the databases and the roles that may use them, or repairs those that exist:
 *
 * - Only the logins of a database may connect to it. They act as the role with the database's name, which
 *   owns the tables, so that a login can be replaced by another. Other logins of that role are disabled.
 * - Nobody else may connect to the server's own databases, `postgres` and `template1`. A new database
 *   contains nothing of template1.
 *
 * Idempotent, also when two processes call it at the same time. Returns a sentence for each database that
 * everyone may still connect to.
 */
export async function provisionDatabases(
  adminUrl: string,
  databases: DatabaseLogins,
  options: ProvisionDatabasesOptions = {},
): Promise<readonly string[]> {
  return await asAdministrator(adminUrl, async (client) => {
    // One at a time: creating one role twice fails when concurrent.
    await client.query("select pg_advisory_lock(hashtext('fanfare.create_database'))");
    for (const [role, logins] of Object.entries(databases)) {
      await provisionRoles(client, { role, logins, connectionLimit: options.connectionLimit });
      await provisionDatabase(client, role, options);
      await asAdministrator(adminUrl, (own) => openSchema(own, role), role);
    }
    return await closeServer(client, adminUrl);
  });
}

/** Drops what {@link provisionDatabases} created, also while clients are connected. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await asAdministrator(adminUrl, async (client) => {
    await client.query(`drop database if exists ${escapeIdentifier(name)} with (force)`);
    for (const role of [...nameLogins(name), name]) {
      await client.query(`drop role if exists ${escapeIdentifier(role)}`);
    }
  });
}

async function provisionDatabase(
  client: Client,
  name: string,
  { connectionLimit = -1, roleOwnsDatabase = false }: ProvisionDatabasesOptions,
): Promise<void> {
  const database = escapeIdentifier(name);
  const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
  if (rowCount === 0) await client.query(`create database ${database} template template0`);
  await client.query(`alter database ${database} connection limit ${connectionLimit}`);
  await provisionOwner(client, name, roleOwnsDatabase ? database : "current_user");
  // After the change of the owner, which passes the permissions of the earlier one on.
  await client.query(`revoke all on database ${database} from public`);
  await client.query(`grant connect on database ${database} to ${database}`);
}

/** Changes the owner of a database, who can lift its limit and let other roles connect. */
async function provisionOwner(client: Client, name: string, owner: string): Promise<void> {
  const role = owner === "current_user" ? owner : escapeLiteral(owner);
  const { rowCount } = await client.query(
    `select from pg_database where datname = $1 and datdba = (${role}::text)::regrole`,
    [name],
  );
  if (rowCount !== 0) return;
  const database = escapeIdentifier(name);
  // An administrator who is no superuser must be a member of both owners.
  await client.query(`grant ${database} to current_user`);
  await client.query(`alter database ${database} owner to ${owner}`);
}

/** Lets the role, and nobody else, create tables in a database. */
async function openSchema(client: Client, role: string): Promise<void> {
  await closeSchema(client);
  await client.query(`grant usage, create on schema public to ${escapeIdentifier(role)}`);
}

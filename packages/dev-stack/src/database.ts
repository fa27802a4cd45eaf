import { createHmac } from "node:crypto";
import { Client, escapeIdentifier, escapeLiteral } from "pg";

/**
 * Returns the URL of an app's own database, with its role and password. The password is derived from
 * the administrator's.
 */
export function deriveDatabaseUrl(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.password = createHmac("sha256", `fanfare:${url.password}`).update(name).digest("hex");
  url.username = encodeURIComponent(name);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

/**
 * Creates a database and the only role that may connect to it, both called `name`, and returns the URL
 * for that role. Idempotent, also when two processes call it at the same time.
 */
export async function createDatabase(adminUrl: string, name: string): Promise<string> {
  const address = deriveDatabaseUrl(adminUrl, name);
  const { password } = new URL(address);
  const role = escapeIdentifier(name);
  await asAdministrator(adminUrl, async (client) => {
    // One at a time: creating one role twice, or copying one template twice, fails when concurrent.
    await client.query("select pg_advisory_lock(hashtext('fanfare.create_database'))");
    const roles = await client.query("select from pg_roles where rolname = $1", [name]);
    const verb = roles.rowCount === 0 ? "create" : "alter";
    await client.query(`${verb} role ${role} login password ${escapeLiteral(password)}`);
    const databases = await client.query("select from pg_database where datname = $1", [name]);
    if (databases.rowCount === 0) {
      // An administrator who is no superuser must be a member of the role that will own the database.
      await client.query(`grant ${role} to current_user`);
      await client.query(`create database ${role} owner ${role}`);
    }
    await client.query(`revoke connect on database ${role} from public`);
  });
  return address;
}

/** Drops what {@link createDatabase} created, also while clients are connected. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  const role = escapeIdentifier(name);
  await asAdministrator(adminUrl, async (client) => {
    await client.query(`drop database if exists ${role} with (force)`);
    await client.query(`drop role if exists ${role}`);
  });
}

async function asAdministrator(
  adminUrl: string,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

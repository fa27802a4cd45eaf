import type { Client } from "pg";
import { asAdministrator } from "./as-administrator.ts";
import { awaitNoSessions, type SessionsOptions } from "./login-sessions.ts";
import type { DatabaseLogins } from "./provision-databases.ts";
import { nameLogins, provisionRoles } from "./provision-roles.ts";

/** Enables these logins of each database and disables the others. Keeps the limit of their connections. */
export async function enableLogins(adminUrl: string, databases: DatabaseLogins): Promise<void> {
  await asAdministrator(adminUrl, async (client) => {
    for (const [role, logins] of Object.entries(databases)) {
      const connectionLimit = await readLimit(client, role);
      await provisionRoles(client, { role, logins, connectionLimit });
    }
  });
}

/** Disables every login that is not among these, once none of them has a session. */
export async function retireLogins(
  adminUrl: string,
  databases: DatabaseLogins,
  options: SessionsOptions,
): Promise<void> {
  const retired = Object.entries(databases).flatMap(([role, logins]) =>
    nameLogins(role).filter((login) => logins[login] === undefined),
  );
  await asAdministrator(adminUrl, (client) => awaitNoSessions(client, retired, options));
  await enableLogins(adminUrl, databases);
}

async function readLimit(client: Client, role: string): Promise<number> {
  const { rows } = await client.query<{ limit: number }>(
    "select max(rolconnlimit) as limit from pg_roles where rolname = any($1) and rolcanlogin",
    [nameLogins(role)],
  );
  return rows[0]?.limit ?? -1;
}

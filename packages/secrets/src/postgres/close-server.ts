import { type Client, DatabaseError, escapeIdentifier } from "pg";
import { asAdministrator } from "./as-administrator.ts";

/** The databases of every server, which accept connections of every role at first. */
const systemDatabases = ["postgres", "template1"];
const insufficientPrivilege = "42501";

/**
 * Lets nobody else connect to the server's own databases, and nobody create tables in them. Returns a
 * sentence for each that the administrator may not close, and for every other database that everyone may
 * connect to, as it may belong to another system.
 */
export async function closeServer(client: Client, adminUrl: string): Promise<readonly string[]> {
  for (const name of systemDatabases) {
    await tighten(client, `revoke all on database ${escapeIdentifier(name)} from public`);
    await asAdministrator(adminUrl, (other) => closeSchema(other), name);
  }
  const { rows } = await client.query<{ name: string }>(
    `select datname as name from pg_database
      where datallowconn and has_database_privilege('public', oid, 'connect') order by 1`,
  );
  return rows.map(
    ({ name }) =>
      `expected that only some roles may connect to the database ${name}, but every role may: ` +
      `let its owner run revoke connect on database ${escapeIdentifier(name)} from public`,
  );
}

/** Lets nobody but the owner create anything in the public schema, which PostgreSQL 14 opens to everyone. */
export async function closeSchema(client: Client): Promise<void> {
  await tighten(client, "revoke all on schema public from public");
}

/** Runs a statement, unless the administrator is not allowed to. */
async function tighten(client: Client, statement: string): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== insufficientPrivilege) throw error;
  }
}

import { type Client, escapeIdentifier, escapeLiteral } from "pg";

/** The logins of a role that are enabled: the verifier of the password, by the login's name. */
export type Logins = Readonly<Record<string, string>>;

/** The role of a database and its logins. */
export interface RoleOptions {
  readonly role: string;
  readonly logins: Logins;
  /** The connections that a login may have at the same time. Default: no limit. */
  readonly connectionLimit?: number | undefined;
}

/** Settings of each login that it cannot change itself. Only a superuser may set them. */
const limits = { temp_file_limit: "'1GB'" };

/**
 * Returns the two logins of a role. One of them is in use; the other one is enabled for the time in which
 * the password changes.
 */
export function nameLogins(role: string): readonly [string, string] {
  return [`${role}_a`, `${role}_b`];
}

/**
 * Creates or repairs a role that nobody logs in as, and its logins: attributes, passwords, limits, settings
 * and memberships. Disables a login of the role that is not among `logins`.
 */
export async function provisionRoles(client: Client, options: RoleOptions): Promise<void> {
  const { role, logins, connectionLimit = -1 } = options;
  await client.query("begin");
  await provisionRole(client, role, "nologin password null connection limit 0");
  for (const login of nameLogins(role)) {
    const verifier = logins[login];
    if (verifier === undefined) {
      if (await exists(client, login)) await provisionRole(client, login, "nologin password null");
      continue;
    }
    const password = `password ${escapeLiteral(verifier)} valid until 'infinity'`;
    await provisionRole(client, login, `login ${password} connection limit ${connectionLimit}`);
    await leaveOtherRoles(client, login, role);
    await client.query(`grant ${escapeIdentifier(role)} to ${escapeIdentifier(login)}`);
    await provisionSettings(client, login, role);
  }
  await leaveOtherRoles(client, role);
  await client.query("commit");
}

async function provisionRole(client: Client, name: string, attributes: string): Promise<void> {
  const verb = (await exists(client, name)) ? "alter" : "create";
  const more = await listForbidden(client, name);
  await client.query(
    `${verb} role ${escapeIdentifier(name)} ${["inherit", ...more, attributes].join(" ")}`,
  );
}

/** Lists attributes to take away. An administrator who is no superuser may not even deny the others. */
async function listForbidden(client: Client, name: string): Promise<readonly string[]> {
  const { rows } = await client.query<Record<string, boolean>>(
    `select rolsuper as nosuperuser, rolcreatedb as nocreatedb, rolcreaterole as nocreaterole,
      rolreplication as noreplication, rolbypassrls as nobypassrls
      from pg_roles where rolname = $1`,
    [name],
  );
  return Object.entries(rows[0] ?? {}).flatMap(([attribute, has]) => (has ? [attribute] : []));
}

/** Replaces all settings of a login: it acts as its role, which owns what the login creates. */
async function provisionSettings(client: Client, login: string, role: string): Promise<void> {
  const alter = `alter role ${escapeIdentifier(login)}`;
  const { rows } = await client.query<{ superuser: boolean }>(
    "select rolsuper as superuser from pg_roles where rolname = current_user",
  );
  // Only a superuser may reset settings that only a superuser may set.
  if (rows[0]?.superuser === true) {
    await client.query(`${alter} reset all`);
    for (const [name, value] of Object.entries(limits)) {
      await client.query(`${alter} set ${name} = ${value}`);
    }
  }
  await client.query(`${alter} set role = ${escapeLiteral(role)}`);
}

/** Ends the memberships of a role, but in `home`. */
async function leaveOtherRoles(client: Client, member: string, home = ""): Promise<void> {
  const { rows } = await client.query<{ role: string }>(
    `select pg_get_userbyid(roleid) as role from pg_auth_members
      where member = $1::regrole and pg_get_userbyid(roleid) <> $2`,
    [escapeIdentifier(member), home],
  );
  for (const { role } of rows) {
    await client.query(`revoke ${escapeIdentifier(role)} from ${escapeIdentifier(member)}`);
  }
}

async function exists(client: Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query("select from pg_roles where rolname = $1", [name]);
  return rowCount !== 0;
}

import { setTimeout } from "node:timers/promises";
import { Client } from "pg";

/** How long the fence waits for the transactions of one database, in milliseconds. */
const lockTimeoutMs = 2_000;
const maxAttempts = 5;

/**
 * Runs `work` while no transaction of any database can write or commit a write. It holds the writers for as
 * long as `work` takes, and before that for at most 2 s; then it lets them pass and tries again, five times.
 */
export async function withFence<T>(adminUrl: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    await using opened = new AsyncDisposableStack();
    try {
      for (const database of await listDatabases(adminUrl)) {
        const client = await connect(adminUrl, database);
        opened.defer(() => client.end());
        await lockTables(client);
      }
    } catch (error) {
      if (!isLockTimeout(error) || attempt === maxAttempts) throw error;
      await opened.disposeAsync();
      await setTimeout(100 * 2 ** attempt);
      continue;
    }
    return await work();
  }
}

/** Connects to a database as the administrator. */
export async function connect(adminUrl: string, database = "postgres"): Promise<Client> {
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  const client = new Client({ connectionString: url.href, connectionTimeoutMillis: 10_000 });
  await client.connect();
  return client;
}

async function listDatabases(adminUrl: string): Promise<string[]> {
  const client = await connect(adminUrl);
  try {
    const { rows } = await client.query<{ name: string }>(
      "select datname as name from pg_database where datallowconn and not datistemplate order by 1",
    );
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

async function lockTables(client: Client): Promise<void> {
  await client.query("begin");
  await client.query(`set local lock_timeout = ${lockTimeoutMs}`);
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  if (rows.length === 0) return;
  await client.query(`lock table ${rows.map(({ name }) => name).join(", ")} in share mode`);
}

function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "55P03";
}

import { setTimeout } from "node:timers/promises";
import { Client } from "pg";

/**
 * How long the fence waits for the transactions of one database, in milliseconds. Below the second after
 * which PostgreSQL looks for deadlocks, and fails a transaction of an app.
 */
const lockTimeoutMs = 800;
const maxAttempts = 10;
const longestPauseMs = 5_000;

/** Statement timeout, lock timeout, deadlock, and a table or database that is dropped meanwhile. */
const passing = ["57014", "55P03", "40P01", "42P01", "3D000"];

/**
 * Runs `work` while no transaction of any database can write or commit a write. It holds the writers for as
 * long as `work` takes. A database whose transactions do not end within 800 ms lets all writers pass; the
 * fence tries again, ten times within 30 s.
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
      if (!isPassing(error) || attempt === maxAttempts) throw error;
      await opened.disposeAsync();
      await setTimeout(Math.min(longestPauseMs, 100 * 2 ** attempt));
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
  // A connection that breaks while nobody waits for it fails the next statement.
  client.on("error", () => {});
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
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  await client.query("begin");
  if (rows.length === 0) return;
  await client.query(`set local statement_timeout = ${lockTimeoutMs}`);
  await client.query(`lock table ${rows.map(({ name }) => name).join(", ")} in share mode`);
  await client.query("set local statement_timeout = 0");
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return typeof error.code === "string" && passing.includes(error.code);
}

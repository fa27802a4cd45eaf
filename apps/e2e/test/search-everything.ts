import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";

/**
 * Returns where one of the texts is: as `database.table` of every database of a PostgreSQL server, in plain or in
 * bytes, and the names of the files of a folder, such as that of the logs.
 */
export async function searchEverything(
  texts: readonly string[],
  { adminUrl, folder }: { readonly adminUrl: string; readonly folder: string },
): Promise<string[]> {
  const databases = await withDatabase(adminUrl, undefined, (client) =>
    readNames(client, "select datname as name from pg_database where not datistemplate"),
  );
  const tables = await Promise.all(
    databases.map((database) =>
      withDatabase(adminUrl, database, async (client) => {
        const found = await searchTables(client, texts);
        return found.map((table) => `${database}.${table}`);
      }),
    ),
  );
  return [...tables.flat(), ...(await searchFiles(folder, texts))].toSorted();
}

async function searchTables(client: Client, texts: readonly string[]): Promise<string[]> {
  const tables = await readNames(
    client,
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const patterns = texts.flatMap((text) => [`%${text}%`, `%${Buffer.from(text).toString("hex")}%`]);
  const found: string[] = [];
  for (const table of tables) {
    const select = `select 'found' as name from ${table} as r where r::text like any ($1) limit 1`;
    if ((await readNames(client, select, [patterns])).length > 0) found.push(table);
  }
  return found.map((table) => table.replace("public.", ""));
}

async function searchFiles(folder: string, texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const content = await readFile(join(entry.parentPath, entry.name));
    if (texts.some((text) => content.includes(text))) found.push(entry.name);
  }
  return found;
}

async function withDatabase<T>(
  adminUrl: string,
  database: string | undefined,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const url = new URL(adminUrl);
  if (database !== undefined) url.pathname = `/${database}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function readNames(client: Client, text: string, values: unknown[] = []): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(text, values);
  return rows.map(({ name }) => name);
}

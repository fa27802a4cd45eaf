import type { Client } from "pg";
import type { Hit, Pattern } from "./matcher.ts";
import { searchRows, withDatabase } from "./search-rows.ts";

/** What was searched, and where something was found. */
export interface Searched {
  /** How many databases, streams or files were searched. */
  readonly count: number;
  readonly hits: readonly Hit[];
}

/** Searches every table of every database of a server, as a superuser. Rejects when it cannot read one. */
export async function searchDatabases(
  adminUrl: string,
  patterns: readonly Pattern[],
): Promise<Searched> {
  const hits: Hit[] = [];
  const databases = await withDatabase(adminUrl, undefined, (client) =>
    readNames(client, "select datname as name from pg_database where datallowconn order by 1"),
  );
  for (const database of databases) {
    await withDatabase(adminUrl, database, async (client) => {
      for (const table of await listTables(client)) {
        const place = `${database}.${table.replace(/^public\./, "")}`;
        const found = await searchRows(client, `select r::text from ${table} r`, patterns).catch(
          (error: unknown) => {
            if (isGone(error)) return [];
            throw error;
          },
        );
        hits.push(...found.map((wanted) => ({ place, wanted })));
      }
    });
  }
  return { count: databases.length, hits };
}

/** The tables with rows of their own: those of partitions, and not the table that they belong to. */
async function listTables(client: Client): Promise<string[]> {
  return await readNames(
    client,
    `select format('%I.%I', nspname, relname) as name
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where relkind in ('r', 'm') and relispopulated and relpersistence <> 't'
       and nspname not in ('pg_catalog', 'information_schema') order by 1`,
  );
}

/** A table that was dropped after it was listed has nothing. */
function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "42P01";
}

async function readNames(client: Client, text: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(text);
  return rows.map(({ name }) => name);
}

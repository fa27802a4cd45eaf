import { Client } from "pg";
import type { Pattern, Wanted } from "./matcher.ts";

/** Runs work in a database of the server, in a session that writes nothing. A query has 2 minutes. */
export async function withDatabase<T>(
  adminUrl: string,
  database: string | undefined,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const url = new URL(adminUrl);
  if (database !== undefined) url.pathname = `/${encodeURIComponent(database)}`;
  const client = new Client({
    connectionString: url.href,
    connectionTimeoutMillis: 10_000,
    options: "-c default_transaction_read_only=on -c statement_timeout=120s",
  });
  // The query that runs rejects with it.
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Returns the values that the rows of a query have, which has one column of text. Reads each row once. */
export async function searchRows(
  client: Client,
  rows: string,
  patterns: readonly Pattern[],
): Promise<Wanted[]> {
  const { rows: found } = await client.query<{ number: string }>(
    `select distinct number
     from (select content, lower(content) as folded from (${rows}) as row (content) offset 0) as one,
       unnest($1::text[], $2::boolean[]) with ordinality as pattern (text, ignore_case, number)
     where strpos(case when ignore_case then folded else content end,
       case when ignore_case then lower(text) else text end) > 0`,
    [patterns.map(({ text }) => text), patterns.map(({ wanted }) => wanted.ignoreCase ?? false)],
  );
  const values = found.flatMap(({ number }) => patterns[Number(number) - 1]?.wanted ?? []);
  return [...new Set(values)];
}

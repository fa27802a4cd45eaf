import { Client } from "pg";

/** Connects as the administrator, to another database where one is named, and closes the connection. */
export async function asAdministrator<T>(
  adminUrl: string,
  work: (client: Client) => Promise<T>,
  database?: string,
): Promise<T> {
  const url = new URL(adminUrl);
  if (database !== undefined) url.pathname = `/${encodeURIComponent(database)}`;
  const client = new Client({ connectionString: url.href, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

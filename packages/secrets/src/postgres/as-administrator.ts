import { Client } from "pg";

/** A server that has just started, with others beside it, may take long to accept the first connections. */
const connectTimeoutMs = 60_000;

/** Connects as the administrator, to another database where one is named, and closes the connection. */
export async function asAdministrator<T>(
  adminUrl: string,
  work: (client: Client) => Promise<T>,
  database?: string,
): Promise<T> {
  const url = new URL(adminUrl);
  if (database !== undefined) url.pathname = `/${encodeURIComponent(database)}`;
  const client = new Client({
    connectionString: url.href,
    connectionTimeoutMillis: connectTimeoutMs,
  });
  try {
    await client.connect();
  } catch (cause) {
    // All that pg states when the time is over.
    if (!(cause instanceof Error) || cause.message !== "timeout expired") throw cause;
    throw new Error(
      `expected PostgreSQL at ${url.host} to accept a connection within ${connectTimeoutMs / 1000} s, ` +
        "got no answer: check the address, and the load of its machine",
      { cause },
    );
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

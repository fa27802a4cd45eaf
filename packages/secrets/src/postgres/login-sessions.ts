import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";

/** How long to wait for the sessions of logins to end. */
export interface SessionsOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Longer than a process takes from reading the file with its login to its session. */
const intervalMs = 1000;
/** The sessions have ended when none is there twice in a row. */
const quietPolls = 2;

/**
 * Waits until no session of these logins is left. Rejects after the timeout with the logins that still have
 * sessions.
 */
export async function awaitNoSessions(
  client: Client,
  logins: readonly string[],
  { timeoutMs, signal }: SessionsOptions,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (let quiet = 0; quiet < quietPolls; ) {
    const found = await listSessions(client, logins);
    quiet = found.length === 0 ? quiet + 1 : 0;
    if (quiet === quietPolls) return;
    if (performance.now() > deadline) {
      throw new Error(
        `expected every process to connect with its new login, but sessions of ${found.join(", ")} are open: ` +
          "give each process its new database-url, then run the command again",
      );
    }
    await sleep(intervalMs, undefined, { signal });
  }
}

async function listSessions(client: Client, logins: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ login: string; count: string }>(
    "select usename as login, count(*) from pg_stat_activity where usename = any($1) group by 1 order by 1",
    [logins],
  );
  return rows.map(({ login, count }) => `${login} (${count})`);
}

import { setTimeout as sleep } from "node:timers/promises";
import { type Kysely, sql } from "kysely";

/** Identifies a running transaction on the server. */
export interface RunningTransaction {
  /** The SQL comment at the beginning of its first statement. */
  readonly comment: string;
  /** Its id, an xid8 in decimal digits. Undefined during its first statement. */
  id?: string | undefined;
}

/** The transaction to cancel, and when. */
export interface CancelOptions<DB> {
  /** Sends the cancellation on a connection other than that of the transaction. */
  readonly db: Kysely<DB>;
  readonly signal: AbortSignal;
  readonly running: RunningTransaction;
}

const cancelIntervalMs = 200;

/**
 * Runs `work`. After the signal aborts, it cancels the running statement of the transaction until
 * `work` settles. A statement that waits for a row lock is cancelled, too.
 */
export async function cancelOnAbort<DB, T>(
  { db, signal, running }: CancelOptions<DB>,
  work: () => Promise<T>,
): Promise<T> {
  // Created on abort only: most transactions never abort.
  let settled: AbortController | undefined;
  let cancelling: Promise<void> | undefined;

  /** Repeats, because a cancellation between two statements has no effect. */
  async function keepCancelling({ signal: end }: AbortController): Promise<void> {
    while (!end.aborted) {
      // Best effort: when it fails, the timeouts of the server end the statement.
      await cancelStatement(db, running, end).catch(() => {});
      await sleep(cancelIntervalMs, undefined, { signal: end }).catch(() => {});
    }
  }
  const onAbort = () => {
    settled = new AbortController();
    cancelling = keepCancelling(settled);
  };

  signal.throwIfAborted();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await work();
  } finally {
    signal.removeEventListener("abort", onAbort);
    settled?.abort();
    await cancelling;
  }
}

/**
 * Cancels by transaction id and not by process id, so that a late cancellation never affects the next
 * transaction of the connection.
 */
async function cancelStatement<DB>(
  db: Kysely<DB>,
  { comment, id }: RunningTransaction,
  signal: AbortSignal,
): Promise<void> {
  const condition =
    id === undefined
      ? sql`state = 'active' and starts_with(query, ${comment})`
      : sql`backend_xid = ${id}::xid8::xid`;
  // A login that acts as another role may cancel its own sessions, and that role may not. Sets the role for this
  // statement only. The argument of the function depends on the result, so the role is set before it runs.
  const cancellation = sql`
    with login as materialized (select set_config('role', 'none', true) as role)
    select pg_cancel_backend(pid)
    from login, lateral pg_stat_get_activity(case login.role when 'none' then null::integer end)
    where ${condition}`;
  await cancellation.execute(db.withoutPlugins(), { signal });
}

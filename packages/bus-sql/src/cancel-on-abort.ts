import { setTimeout as sleep } from "node:timers/promises";
import { type Kysely, type RawBuilder, sql } from "kysely";

/** Running is how the server knows what is to be cancelled. */
export type Running =
  /** A transaction, with when it began: a cancellation sent late must not hit what comes next. */
  | { readonly pid: number; readonly at: string }
  /** A statement that begins with this text. */
  | { readonly tag: string };

export interface CancelOptions<DB> {
  /** Where the cancellation is sent from: a connection beside the transaction's own. */
  readonly db: Kysely<DB>;
  readonly signal: AbortSignal;
}

const cancelIntervalMs = 200;

/**
 * cancelOnAbort runs `work`. From when the signal aborts until `work` is over, it cancels the
 * statement, or whatever the transaction is executing. Waiting for a row that another transaction
 * holds is such a statement.
 */
export async function cancelOnAbort<DB, T>(
  running: Running,
  { db, signal }: CancelOptions<DB>,
  work: () => Promise<T>,
): Promise<T> {
  // Made when it is needed: most of what runs is never aborted.
  let over: AbortController | undefined;
  let cancelling: Promise<void> | undefined;

  /** More than once, as what arrives between two statements cancels nothing. */
  async function keepCancelling({ signal: ended }: AbortController): Promise<void> {
    while (!ended.aborted) {
      // Best effort: where it fails, the server's own timeouts end the statement.
      await cancellationOf(running)
        .execute(db, { signal: ended })
        .catch(() => {});
      await sleep(cancelIntervalMs, undefined, { signal: ended }).catch(() => {});
    }
  }
  const onAbort = () => {
    over = new AbortController();
    cancelling = keepCancelling(over);
  };

  signal.throwIfAborted();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await work();
  } finally {
    signal.removeEventListener("abort", onAbort);
    over?.abort();
    await cancelling;
  }
}

function cancellationOf(running: Running): RawBuilder<unknown> {
  const which =
    "tag" in running
      ? sql`state = 'active' and starts_with(query, ${running.tag})`
      : sql`pid = ${running.pid} and xact_start = ${running.at}::timestamptz`;
  return sql`select pg_cancel_backend(pid) from pg_stat_activity where ${which}`;
}

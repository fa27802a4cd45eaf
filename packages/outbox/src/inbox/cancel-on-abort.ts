import { setTimeout as sleep } from "node:timers/promises";
import { type Kysely, sql } from "kysely";

/** Running is how the server knows what is to be cancelled. */
export interface Running {
  /** What the transaction's first statement begins with. */
  readonly tag: string;
  /** The transaction's id, an xid8 in decimal digits, as soon as it is known. */
  transaction?: string | undefined;
}

export interface CancelOptions<DB> {
  /** Where the cancellation is sent from: a connection beside the transaction's own. */
  readonly db: Kysely<DB>;
  readonly signal: AbortSignal;
  readonly running: Running;
}

const cancelIntervalMs = 200;

/**
 * cancelOnAbort runs `work`. From when the signal aborts until `work` is over, it cancels whatever
 * the transaction is executing. Waiting for a row that another transaction holds is such a
 * statement.
 */
export async function cancelOnAbort<DB, T>(
  { db, signal, running }: CancelOptions<DB>,
  work: () => Promise<T>,
): Promise<T> {
  // Made when it is needed: most of what runs is never aborted.
  let over: AbortController | undefined;
  let cancelling: Promise<void> | undefined;

  /** More than once, as what arrives between two statements cancels nothing. */
  async function keepCancelling({ signal: ended }: AbortController): Promise<void> {
    while (!ended.aborted) {
      // Best effort: where it fails, the server's own timeouts end the statement.
      await cancel(db, running, ended).catch(() => {});
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

/** By the transaction's id and not by its process, so that none sent late hits what comes next. */
async function cancel<DB>(
  db: Kysely<DB>,
  { tag, transaction }: Running,
  signal: AbortSignal,
): Promise<void> {
  const which =
    transaction === undefined
      ? sql`state = 'active' and starts_with(query, ${tag})`
      : sql`backend_xid = ${transaction}::xid8::xid`;
  const cancellation = sql`select pg_cancel_backend(pid) from pg_stat_activity where ${which}`;
  await cancellation.execute(db.withoutPlugins(), { signal });
}

import { setTimeout as sleep } from "node:timers/promises";
import { BusError } from "@fanfare/bus";
import { type Kysely, sql } from "kysely";
import { checkCounts, checkTimes } from "../check-options.ts";
import { needing } from "../missing-table.ts";

export interface PruneOptions {
  /** How long records are kept, in milliseconds, by the database's clock. */
  readonly retentionMs: number;
  /**
   * For how long the broker may deliver an event again, in milliseconds: how long it keeps events.
   * A record that is gone by then would let the event have its effects twice.
   */
  readonly maxRedeliveryMs: number;
  /** How many records one statement removes. Default: 1,000. */
  readonly batchSize?: number;
}

/**
 * pruneInbox removes the records that are older than `retentionMs`, a batch at a time, and returns how
 * many those were. Throws `invalid_argument` when `retentionMs` does not exceed `maxRedeliveryMs`,
 * `not_provisioned` without the table of `inboxMigration`.
 */
export async function pruneInbox<DB>(db: Kysely<DB>, options: PruneOptions): Promise<number> {
  check(options);
  return await prune(db, options);
}

/** prune stops between two batches when the signal aborts. */
async function prune<DB>(
  db: Kysely<DB>,
  { retentionMs, batchSize = 1_000 }: PruneOptions,
  signal?: AbortSignal,
): Promise<number> {
  const removing = sql`
    delete from inbox where (group_name, topic, event_id) in (
      select group_name, topic, event_id from inbox
      where handled_at < now() - make_interval(secs => ${retentionMs / 1000})
      order by handled_at limit ${batchSize}
      for update skip locked
    )`;
  for (let removed = 0; ; ) {
    const { numAffectedRows = 0n } = await needing("inbox", removing.execute(db.withoutPlugins()));
    removed += Number(numAffectedRows);
    if (Number(numAffectedRows) < batchSize || signal?.aborted === true) return removed;
  }
}

export interface PruningOptions extends PruneOptions {
  /** In milliseconds, at most 2,147,483,647 (24 days). Default: once an hour. */
  readonly intervalMs?: number;
  /** Hears of what failed and is tried again the next time. */
  readonly onError?: (error: unknown) => void;
}

/**
 * startPruning prunes the inbox every so often until it is stopped, which waits for one batch at most.
 * Throws as pruneInbox does, and `invalid_argument` for an `intervalMs` that no timer can wait for.
 */
export function startPruning<DB>(db: Kysely<DB>, options: PruningOptions): AsyncDisposable {
  const { intervalMs = 3_600_000, onError } = options;
  check(options);
  checkTimes({ intervalMs });
  const stopping = new AbortController();
  const { signal } = stopping;

  async function keepPruning(): Promise<void> {
    for (;;) {
      await sleep(intervalMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await prune(db, options, signal).catch(tell);
    }
  }

  function tell(reason: unknown): void {
    try {
      onError?.(reason);
    } catch {
      // There is nobody else to tell. What failed is tried again, and then told again.
    }
  }

  const running = keepPruning();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}

function check({ retentionMs, maxRedeliveryMs, batchSize = 1_000 }: PruneOptions): void {
  if (!(maxRedeliveryMs > 0 && retentionMs > maxRedeliveryMs && Number.isFinite(retentionMs))) {
    throw new BusError(
      "invalid_argument",
      `retentionMs (${retentionMs}) must exceed maxRedeliveryMs (${maxRedeliveryMs}), or what comes again late would have its effects twice`,
    );
  }
  checkCounts({ batchSize });
}

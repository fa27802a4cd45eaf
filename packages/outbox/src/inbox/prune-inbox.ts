import { BusError } from "@fanfare/bus";
import { checkAtLeast, pause } from "@fanfare/bus/kit";
import { type Kysely, sql } from "kysely";
import { checkDelays } from "../check-options.ts";
import { explainMissingTable } from "../missing-table.ts";

/** How long records of handled events are kept. */
export interface PruneOptions {
  /** The age after which a record is removed, in milliseconds, by the database's clock. */
  readonly retentionMs: number;
  /**
   * The age up to which the broker can redeliver an event, in milliseconds: its own retention. An event
   * that is redelivered after its record was removed has its effects twice.
   */
  readonly maxRedeliveryMs: number;
  /** The number of records that one statement removes. Default: 1,000. */
  readonly batchSize?: number;
}

/**
 * Removes the records that are older than `retentionMs`, batch by batch, and returns their number.
 * Throws `invalid_argument` unless `retentionMs` exceeds `maxRedeliveryMs`, and `not_provisioned`
 * without the table of `inboxMigration`.
 *
 * @example
 * const day = 24 * 60 * 60 * 1000;
 * const removed = await pruneInbox(db, { retentionMs: 31 * day, maxRedeliveryMs: 30 * day });
 */
export async function pruneInbox<DB>(db: Kysely<DB>, options: PruneOptions): Promise<number> {
  checkPruneOptions(options);
  return await removeRecords(db, options);
}

/** Stops between two batches when the signal aborts. */
async function removeRecords<DB>(
  db: Kysely<DB>,
  { retentionMs, batchSize = 1_000 }: PruneOptions,
  signal?: AbortSignal,
): Promise<number> {
  const statement = sql`
    delete from inbox where (group_name, topic, event_id) in (
      select group_name, topic, event_id from inbox
      where handled_at < now() - make_interval(secs => ${retentionMs / 1000})
      order by handled_at limit ${batchSize}
      for update skip locked
    )`;
  for (let removed = 0; ; ) {
    const removing = statement.execute(db.withoutPlugins());
    const { numAffectedRows = 0n } = await explainMissingTable("inbox", removing);
    removed += Number(numAffectedRows);
    if (Number(numAffectedRows) < batchSize || signal?.aborted === true) return removed;
  }
}

/** Options of `startPruning`. */
export interface PruningOptions extends PruneOptions {
  /** The time between two runs, in milliseconds. Default: an hour; at most 2,147,483,647 (24 days). */
  readonly intervalMs?: number;
  /** Called when a run fails. The next run retries. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Prunes the inbox at an interval until it is disposed of. Disposing waits for the running batch.
 * Throws as `pruneInbox` does, and `invalid_argument` for an invalid `intervalMs`.
 *
 * @example
 * const day = 24 * 60 * 60 * 1000;
 * await using pruning = startPruning(db, { retentionMs: 31 * day, maxRedeliveryMs: 30 * day });
 */
export function startPruning<DB>(db: Kysely<DB>, options: PruningOptions): AsyncDisposable {
  const { intervalMs = 3_600_000, onError } = options;
  checkPruneOptions(options);
  checkDelays({ intervalMs });
  const stopping = new AbortController();
  const { signal } = stopping;

  async function run(): Promise<void> {
    for (;;) {
      await pause(intervalMs, signal);
      if (signal.aborted) return;
      await removeRecords(db, options, signal).catch(notifyError);
    }
  }

  function notifyError(reason: unknown): void {
    try {
      onError?.(reason);
    } catch {
      // An error of the listener has no other listener. The next run retries.
    }
  }

  const running = run();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}

function checkPruneOptions({
  retentionMs,
  maxRedeliveryMs,
  batchSize = 1_000,
}: PruneOptions): void {
  if (!(maxRedeliveryMs > 0 && retentionMs > maxRedeliveryMs && Number.isFinite(retentionMs))) {
    throw new BusError(
      "invalid_argument",
      `retentionMs (${retentionMs}) must exceed maxRedeliveryMs (${maxRedeliveryMs}): an event that is redelivered after its record was removed has its effects twice`,
    );
  }
  checkAtLeast(1, "batchSize", batchSize);
}

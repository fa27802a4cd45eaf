import { BusError } from "@fanfare/bus";
import { checkAtLeast } from "@fanfare/bus/kit";
import { type Kysely, sql } from "kysely";
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

/** Removes old records batch by batch, and stops between two when the signal aborts. */
export async function removeRecords<DB>(
  db: Kysely<DB>,
  { retentionMs, batchSize = 1_000 }: PruneOptions,
  signal?: AbortSignal,
): Promise<number> {
  // Not `in (select …)`: a nested loop runs that select again and removes more than the batch.
  const statement = sql`
    with old as materialized (
      select group_name, topic, event_id from inbox
      where handled_at < now() - make_interval(secs => ${retentionMs / 1000})
      order by handled_at limit ${batchSize}
      for update skip locked
    )
    delete from inbox using old
    where inbox.group_name = old.group_name and inbox.topic = old.topic
      and inbox.event_id = old.event_id`;
  for (let removed = 0; ; ) {
    const removing = statement.execute(db.withoutPlugins());
    const { numAffectedRows = 0n } = await explainMissingTable("inbox", removing);
    removed += Number(numAffectedRows);
    if (Number(numAffectedRows) < batchSize || signal?.aborted === true) return removed;
  }
}

/** Throws `invalid_argument` for options with which `pruneInbox` could not work. */
export function checkPruneOptions({
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

import type { Kysely } from "kysely";
import { sql } from "kysely";

/** How long idempotency keys are kept. */
export interface PruneKeysOptions {
  /** The age after which a key is removed, in milliseconds, by the database's clock. */
  readonly retentionMs: number;
  /**
   * The longest time after its first call in which a caller may repeat a call, in milliseconds: the longest
   * that a recovery can take. A call that is repeated after its key was removed runs again.
   */
  readonly longestRecoveryMs: number;
  /** The number of keys that one statement removes. Default: 1,000. */
  readonly batchSize?: number;
}

/**
 * Removes the keys that are older than `retentionMs`, batch by batch, and returns their number. Tombstones
 * stay: the late copy of a compensated call is refused for good. Throws a RangeError unless `retentionMs`
 * exceeds `longestRecoveryMs`.
 *
 * @example
 * const day = 24 * 60 * 60 * 1000;
 * await pruneIdempotencyKeys(db, { retentionMs: 60 * day, longestRecoveryMs: 30 * day });
 */
export async function pruneIdempotencyKeys<DB>(
  db: Kysely<DB>,
  { retentionMs, longestRecoveryMs, batchSize = 1_000 }: PruneKeysOptions,
): Promise<number> {
  if (!(longestRecoveryMs > 0 && retentionMs > longestRecoveryMs && Number.isFinite(retentionMs))) {
    throw new RangeError(
      `retentionMs (${retentionMs}) must exceed longestRecoveryMs (${longestRecoveryMs}): a call that is repeated after its key was removed runs again`,
    );
  }
  if (!(Number.isInteger(batchSize) && batchSize > 0)) {
    throw new RangeError(`batchSize must be a whole number above 0, not ${batchSize}`);
  }
  for (let removed = 0; ; ) {
    const { numAffectedRows = 0n } = await sql`
      with old as materialized (
        select key from idempotency_keys
        where created_at < now() - make_interval(secs => ${retentionMs / 1000})
        order by created_at limit ${batchSize}
        for update skip locked
      )
      delete from idempotency_keys using old where idempotency_keys.key = old.key`.execute(db);
    removed += Number(numAffectedRows);
    if (Number(numAffectedRows) < batchSize) return removed;
  }
}

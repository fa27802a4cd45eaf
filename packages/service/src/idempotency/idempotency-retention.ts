import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Migration } from "kysely/migration";
import type { PrunedTable, RetentionDays } from "../retention/pruned-table.ts";

/** The migration that makes old keys and tombstones cheap to find. It follows `idempotencyMigration`. */
export const idempotencyAgesMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create index idempotency_keys_created_at on idempotency_keys (created_at)`.execute(
      db,
    );
    await sql`
      create index idempotency_tombstones_created_at on idempotency_tombstones (created_at)`.execute(
      db,
    );
  },
};

/** How long idempotency keys and tombstones are kept. */
export interface IdempotencyRetention {
  /** How long the response to a call is kept. */
  readonly keys: RetentionDays;
  /** How long a compensated call is refused. */
  readonly tombstones: RetentionDays;
  /**
   * The longest time after its first call in which a caller may repeat a call, in days. A call that is
   * repeated after its key was removed runs again, and one whose tombstone was removed is no longer refused.
   */
  readonly longestRecoveryDays: number;
  /** Returns the condition under which the calls of a key may still be repeated, whatever its age. */
  readonly inUse?: (key: RawBuilder<string>) => RawBuilder<boolean>;
}

/**
 * Returns the tables of `idempotencyMigration` for `startPruner`. Throws a RangeError unless each retention
 * exceeds `longestRecoveryDays`.
 *
 * @example
 * const tables = listIdempotencyTables({ keys: 90, tombstones: "never", longestRecoveryDays: 30 });
 * const pruner = startPruner(db, { tables, logger });
 */
export function listIdempotencyTables({
  keys,
  tombstones,
  longestRecoveryDays,
  inUse,
}: IdempotencyRetention): PrunedTable[] {
  const tables = { idempotency_keys: keys, idempotency_tombstones: tombstones };
  return Object.entries(tables).map(([table, retentionDays]) => {
    if (
      !(
        longestRecoveryDays > 0 &&
        (retentionDays === "never" || retentionDays > longestRecoveryDays)
      )
    ) {
      throw new RangeError(
        `the retention of ${table} (${retentionDays} days) must exceed longestRecoveryDays (${longestRecoveryDays}): a call that is repeated after its key was removed runs again`,
      );
    }
    return {
      table,
      key: ["key"],
      since: "created_at",
      retentionDays,
      ...(inUse === undefined ? {} : { inUse: inUse(sql.ref(`${table}.key`)) }),
    };
  });
}

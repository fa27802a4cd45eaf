import { listIdempotencyTables, type PrunedTable, type RetentionDays } from "@fanfare/service";
import {
  type keyRetentionVariables,
  longestRecoveryDays,
  tripIdPattern,
} from "@fanfare/trip-contract/retention";
import { type RawBuilder, sql } from "kysely";

/** The values of `keyRetentionVariables`. */
type Retention = Readonly<Record<keyof typeof keyRetentionVariables, RetentionDays>>;

/**
 * Returns the tables of idempotency, for the pruner. A trip whose tab or refund is not closed keeps its keys.
 * Tabs, their entries and the ledger are kept.
 */
export function listPrunedTables({ keyRetention, tombstoneRetention }: Retention): PrunedTable[] {
  return listIdempotencyTables({
    keys: keyRetention,
    tombstones: tombstoneRetention,
    longestRecoveryDays,
    inUse: selectOpenTrips,
  });
}

function selectOpenTrips(key: RawBuilder<string>): RawBuilder<boolean> {
  const tripId = sql`substring(lower(${key}) from ${tripIdPattern}::text)::uuid`;
  return sql`(
    exists (select from tabs where trip_id = ${tripId} and state not in ('captured', 'void'))
    or exists (select from capture_refunds where trip_id = ${tripId} and state = 'refunding')
  )`;
}

import {
  defineRetentionVariable,
  listIdempotencyTables,
  type PrunedTable,
  type RetentionDays,
} from "@fanfare/service";
import {
  aboveRecovery,
  keyRetentionVariables,
  longestRecoveryDays,
  tripIdPattern,
} from "@fanfare/trip-contract/retention";
import { type RawBuilder, sql } from "kysely";

/** The variables of the retention of keys and reservations. */
export const retentionVariables = {
  ...keyRetentionVariables,
  reservationRetention: defineRetentionVariable("RESERVATION_RETENTION_DAYS", {
    about: "Reservations, which answer a repeated call whose key was removed,",
    days: "never",
    above: aboveRecovery,
  }),
};

/** The values of `retentionVariables`. */
type Retention = Readonly<Record<keyof typeof retentionVariables, RetentionDays>>;

/** Returns the tables that grow, for the pruner. A trip that holds a vehicle keeps its rows. */
export function listPrunedTables(retention: Retention): PrunedTable[] {
  return [
    ...listIdempotencyTables({
      keys: retention.keyRetention,
      tombstones: retention.tombstoneRetention,
      longestRecoveryDays,
      inUse: selectHolders,
    }),
    {
      table: "reservations",
      key: ["reserve_key"],
      since: "reserved_at",
      retentionDays: retention.reservationRetention,
      inUse: selectHolders(sql.ref("reservations.reserve_key")),
    },
  ];
}

function selectHolders(key: RawBuilder<string>): RawBuilder<boolean> {
  return sql`exists (
    select from vehicle_holds
    where trip_id = substring(lower(${key}) from ${tripIdPattern}::text)::uuid
  )`;
}

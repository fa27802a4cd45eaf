import { defineRetentionVariable, type PrunedTable, type RetentionDays } from "@fanfare/service";
import { sql } from "kysely";
import { openTrips } from "./migrations.ts";

/** How long the changes of finished trips are kept. */
export const changeRetention = defineRetentionVariable("TRIP_CHANGE_RETENTION_DAYS", {
  about: "Changes of finished trips, which WatchTrip sends,",
  days: 90,
});

/**
 * Returns the table of changes, for the pruner. A trip that is not finished, or has a refund that is not,
 * keeps all of its changes. The trips themselves, their refunds and the operator log are kept.
 */
export function listPrunedTables(retentionDays: RetentionDays): PrunedTable[] {
  return [
    {
      table: "trip_changes",
      key: ["trip_id", "version"],
      since: "recorded_at",
      retentionDays,
      inUse: sql<boolean>`(
        exists (
          select from trips
          where trips.trip_id = trip_changes.trip_id and (status = 'REQUESTED' or ${openTrips})
        ) or exists (
          select from trip_refunds refund
          where refund.trip_id = trip_changes.trip_id and state in ('REQUESTED', 'REFUNDED')
        )
      )`,
    },
  ];
}

import { type Kysely, type RawBuilder, sql } from "kysely";
import type { BillingTables } from "../tables.ts";
import { keyTripId } from "./trip-keys-migration.ts";

/** How many tabs one call erases. */
const batchSize = 500;

/**
 * Takes a rider out of a batch of their tabs, and forgets the answers of the calls for those trips, which have
 * the rider too. Amounts stay. Returns whether no tab of the rider is left. Nothing repeats those calls: riders
 * erases no rider with an open trip.
 */
export async function eraseTabs(db: Kysely<BillingTables>, riderId: string): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    const tabs = await tx
      .selectFrom("tabs")
      .select("trip_id")
      .where("rider_id", "=", riderId)
      .orderBy("trip_id")
      .limit(batchSize)
      .forUpdate()
      .execute();
    if (tabs.length === 0) return true;
    const tripIds = tabs.map(({ trip_id }) => trip_id);
    await tx
      .updateTable("tabs")
      .set({
        // A random id for each tab: nothing shows which tabs had the same rider.
        rider_id: sql`'erased-' || gen_random_uuid()`,
        payment_method: "erased",
        gateway_token: null,
      })
      .where("trip_id", "in", tripIds)
      .execute();
    await sql`delete from idempotency_keys where ${selectKeys(tripIds)}`.execute(tx);
    return tabs.length < batchSize;
  });
}

/** Selects the idempotency keys of the calls for some trips. */
export function selectKeys(tripIds: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`${keyTripId} = any (${tripIds}::text[])`;
}

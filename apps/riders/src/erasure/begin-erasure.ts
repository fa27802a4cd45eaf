import { RiderEvents } from "@fanfare/contracts/riders/v1/rider_events";
import { outbox } from "@fanfare/outbox";
import { type Kysely, sql, type Transaction } from "kysely";
import { type DataClients, dataApps } from "../data-apps.ts";
import { createRow, findProfile } from "../profiles.ts";
import type { RidersTables } from "../tables.ts";
import type { ErasureRow } from "./erasure-tables.ts";

/** What an erasure works with. */
export interface ErasureDeps {
  readonly db: Kysely<RidersTables>;
  readonly clients: DataClients;
}

/**
 * Closes a rider in trips, which refuses while a trip is open, and then erases the data of riders, marks the
 * rider as erased and writes RiderErased to the outbox, in one transaction. A repeated call changes nothing.
 * Throws what trips throws.
 */
export async function beginErasure({ db, clients }: ErasureDeps, erasure: ErasureRow) {
  const { rider_id: riderId, operator, reason } = erasure;
  const mustHaveTrips = (await findProfile(db, riderId)) === undefined;
  await clients.trips.closeRider({ riderId, operator, reason, mustHaveTrips });
  await db.transaction().execute((tx) => eraseRiderRows(tx, erasure));
}

async function eraseRiderRows(
  tx: Transaction<RidersTables>,
  { rider_id: riderId, operator, reason }: ErasureRow,
): Promise<void> {
  // Trips has closed the rider for good: the erasure begins, also when another call was refused meanwhile, and
  // has removed or refused it.
  await tx
    .insertInto("erasures")
    .values({ rider_id: riderId, operator, reason })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { begun_at: begunAt } = await tx
    .selectFrom("erasures")
    .select("begun_at")
    .where("rider_id", "=", riderId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (begunAt !== null) return;
  // Locked by every transaction that writes data of the rider.
  await createRow(tx, riderId);
  await tx
    .updateTable("riders")
    .set({
      display_name: "",
      email: "",
      locale: "en",
      time_zone: "UTC",
      erased_at: sql<Date>`now()`,
    })
    .where("rider_id", "=", riderId)
    .execute();
  await tx.deleteFrom("payment_methods").where("rider_id", "=", riderId).execute();
  await tx.deleteFrom("rider_consents").where("rider_id", "=", riderId).execute();
  await tx
    .insertInto("erasure_apps")
    .values(dataApps.map((app) => ({ rider_id: riderId, app })))
    .execute();
  await tx
    .updateTable("erasures")
    .set({ begun_at: sql<Date>`now()`, refusal: null })
    .where("rider_id", "=", riderId)
    .execute();
  await outbox(tx, RiderEvents).riderErased({ riderId });
}

import { sql, type Transaction } from "kysely";
import { createTripNotFoundError } from "./registry-errors.ts";
import type { TripPatch, TripRow, TripsDatabase } from "./tables.ts";
import { insertChange } from "./trip-changes.ts";

/** Locks a trip, and returns it with the time at which the transaction began. */
export async function lockTrip(
  tx: Transaction<TripsDatabase>,
  tripId: string,
): Promise<TripRow & { now: Date }> {
  const trip = await tx
    .selectFrom("trips")
    .selectAll()
    .select(sql<Date>`now()`.as("now"))
    .where("trip_id", "=", tripId)
    .forUpdate()
    .executeTakeFirst();
  if (trip === undefined) throw createTripNotFoundError(tripId);
  return trip;
}

/** Updates a trip, and stores it as it is after its change. */
export async function updateTrip(
  tx: Transaction<TripsDatabase>,
  tripId: string,
  patch: TripPatch,
): Promise<TripRow> {
  const updated = await tx
    .updateTable("trips")
    .set(patch)
    .where("trip_id", "=", tripId)
    .returningAll()
    .executeTakeFirstOrThrow();
  await insertChange(tx, updated);
  return updated;
}

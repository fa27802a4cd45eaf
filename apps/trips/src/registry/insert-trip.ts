import { sql, type Transaction } from "kysely";
import { keepOpen } from "../riders/close-rider.ts";
import { readTariffInForce } from "../tariffs/tariff-store.ts";
import { ridersTrips } from "./migrations.ts";
import { createRiderBusyError, createTariffGoneError } from "./registry-errors.ts";
import type { TripRow, TripsDatabase } from "./tables.ts";
import { afterNow, insertChange } from "./trip-changes.ts";
import type { TripRequest } from "./trip-registry.ts";

/**
 * Inserts a trip as REQUESTED with the tariff in force, or returns the trip that has its id. Throws
 * failed_precondition, and inserts nothing, when the rider is erased, has an active trip, or agreed to a tariff
 * that is not in force.
 */
export async function insertOrFind(
  tx: Transaction<TripsDatabase>,
  request: TripRequest,
): Promise<TripRow> {
  await keepOpen(tx, request.riderId);
  const known = await tx
    .selectFrom("trips")
    .selectAll()
    .where("trip_id", "=", request.tripId)
    .executeTakeFirst();
  if (known !== undefined) return known;
  const tariff = await readTariffInForce(tx);
  if (request.tariffId !== "" && request.tariffId !== tariff.id) {
    throw createTariffGoneError(request.tariffId, tariff.id);
  }
  const inserted = await tx
    .insertInto("trips")
    .values({
      trip_id: request.tripId,
      rider_id: request.riderId,
      vehicle_id: request.vehicleId,
      payment_method: request.paymentMethod,
      request_hash: request.requestHash,
      status: "REQUESTED",
      version: 1,
      tariff: JSON.stringify(tariff),
      // A page token has milliseconds.
      requested_at: sql<Date>`date_trunc('milliseconds', now())`,
      reconcile_at: afterNow(request.reconcileAfterMs),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (inserted === undefined) return await findConflicting(tx, request);
  await insertChange(tx, inserted);
  return inserted;
}

/** Returns the trip that has this id by now. Throws when its rider has another active trip instead. */
async function findConflicting(
  tx: Transaction<TripsDatabase>,
  { tripId, riderId }: TripRequest,
): Promise<TripRow> {
  const found = await tx
    .selectFrom("trips")
    .selectAll()
    .where((by) =>
      by.or([by("trip_id", "=", tripId), by.and([by("rider_id", "=", riderId), ridersTrips])]),
    )
    .execute();
  const same = found.find((trip) => trip.trip_id === tripId);
  if (same === undefined) throw createRiderBusyError(found[0]);
  return same;
}

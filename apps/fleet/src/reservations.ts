import { Code, ConnectError } from "@connectrpc/connect";
import type { Transaction } from "kysely";
import { findVehicle, type Hold } from "./store.ts";
import type { FleetTables, VehicleRow } from "./tables.ts";

/**
 * Returns the vehicle that was reserved under the idempotency key before, as it was then: held by the trip.
 * Undefined when nothing was. Throws already_exists when the key was used for another reservation.
 */
export async function findReservation(
  tx: Transaction<FleetTables>,
  key: string,
  { vehicleId, tripId }: Hold,
): Promise<VehicleRow | undefined> {
  const reserved = await tx
    .selectFrom("reservations")
    .selectAll()
    .where("reserve_key", "=", key)
    .executeTakeFirst();
  if (reserved === undefined) return undefined;
  if (reserved.vehicle_id !== vehicleId || reserved.trip_id !== tripId.toLowerCase()) {
    throw new ConnectError(
      `idempotency-key ${key} was used for another reservation: send each reservation with a key of its own`,
      Code.AlreadyExists,
    );
  }
  const vehicle = await findVehicle(tx, vehicleId);
  return vehicle && { ...vehicle, trip_id: reserved.trip_id };
}

/** Records a reservation under its idempotency key, for RESERVATION_RETENTION_DAYS. */
export async function insertReservation(
  tx: Transaction<FleetTables>,
  key: string,
  { vehicleId, tripId }: Hold,
): Promise<void> {
  await tx
    .insertInto("reservations")
    .values({ reserve_key: key, vehicle_id: vehicleId, trip_id: tripId })
    .execute();
}

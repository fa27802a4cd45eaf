import type { Kysely, Transaction } from "kysely";
import type { FleetTables, VehicleRow } from "./tables.ts";

/** A vehicle and the trip that holds it, or wants to. */
export interface Hold {
  readonly vehicleId: string;
  readonly tripId: string;
}

/** The result of `holdVehicle`: whether the trip holds the vehicle now, and why if it does not. */
export type HoldResult =
  /** `changed` is false when the trip held the vehicle before. */
  | { readonly outcome: "held"; readonly vehicle: VehicleRow; readonly changed: boolean }
  | { readonly outcome: "unknown-vehicle" | "out-of-service" | "in-use" | "trip-holds-another" };

/**
 * Makes the trip the holder of the vehicle, unless another trip holds the vehicle or the trip holds
 * another one. The constraints of the table decide between concurrent calls. A trip that holds the
 * vehicle keeps it.
 */
export async function holdVehicle(tx: Transaction<FleetTables>, hold: Hold): Promise<HoldResult> {
  const vehicle = await tx
    .selectFrom("vehicles")
    .selectAll()
    .where("vehicle_id", "=", hold.vehicleId)
    // No transaction takes it out of service meanwhile.
    .forShare()
    .executeTakeFirst();
  if (vehicle === undefined) return { outcome: "unknown-vehicle" };
  if (!vehicle.in_service) return { outcome: "out-of-service" };
  const inserted = await tx
    .insertInto("vehicle_holds")
    .values({ vehicle_id: hold.vehicleId, trip_id: hold.tripId })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows === 1n) {
    return { outcome: "held", vehicle: { ...vehicle, trip_id: hold.tripId }, changed: true };
  }
  const current = await tx
    .selectFrom("vehicle_holds")
    .select("vehicle_id")
    .where("trip_id", "=", hold.tripId)
    .executeTakeFirst();
  if (current === undefined) return { outcome: "in-use" };
  return current.vehicle_id === hold.vehicleId
    ? { outcome: "held", vehicle: { ...vehicle, trip_id: hold.tripId }, changed: false }
    : { outcome: "trip-holds-another" };
}

/** Ends the trip's hold of the vehicle and returns the vehicle; undefined when there is no such hold. */
export async function releaseVehicle(
  tx: Transaction<FleetTables>,
  hold: Hold,
): Promise<VehicleRow | undefined> {
  const deleted = await tx
    .deleteFrom("vehicle_holds")
    .where("vehicle_id", "=", hold.vehicleId)
    .where("trip_id", "=", hold.tripId)
    .executeTakeFirst();
  return deleted.numDeletedRows === 0n ? undefined : await findVehicle(tx, hold.vehicleId);
}

/** Returns the vehicle; undefined when there is none with this id. */
export function findVehicle(
  db: Kysely<FleetTables>,
  vehicleId: string,
): Promise<VehicleRow | undefined> {
  return selectVehicles(db).where("vehicles.vehicle_id", "=", vehicleId).executeTakeFirst();
}

/** Returns up to `limit` vehicles whose id follows `after`, ordered by id. */
export function listVehicles(
  db: Kysely<FleetTables>,
  page: { readonly after: string; readonly limit: number },
): Promise<VehicleRow[]> {
  return selectVehicles(db)
    .where("vehicles.vehicle_id", ">", page.after)
    .orderBy("vehicles.vehicle_id")
    .limit(page.limit)
    .execute();
}

function selectVehicles(db: Kysely<FleetTables>) {
  return db
    .selectFrom("vehicles")
    .leftJoin("vehicle_holds", "vehicle_holds.vehicle_id", "vehicles.vehicle_id")
    .selectAll("vehicles")
    .select("vehicle_holds.trip_id");
}

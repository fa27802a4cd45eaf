import type { Generated, Kysely, Selectable, Transaction } from "kysely";

interface VehicleTable {
  vehicle_id: string;
  model: string;
  latitude: number;
  longitude: number;
  in_service: boolean;
}

interface VehicleHoldTable {
  vehicle_id: string;
  trip_id: string;
  held_since: Generated<Date>;
}

/** FleetTables are the tables of fleet's database. */
export interface FleetTables {
  vehicles: VehicleTable;
  vehicle_holds: VehicleHoldTable;
}

/** VehicleRow is a vehicle with the trip that holds it, null when none does. */
export type VehicleRow = Selectable<VehicleTable> & { readonly trip_id: string | null };

/** HoldResult says whether the trip holds the vehicle now, and if not, why not. */
export type HoldResult =
  /** `changed` is false when the trip held it before. */
  | { readonly outcome: "held"; readonly vehicle: VehicleRow; readonly changed: boolean }
  | { readonly outcome: "unknown-vehicle" | "out-of-service" | "in-use" | "trip-holds-another" };

/**
 * holdVehicle makes the trip the holder of the vehicle unless the vehicle or the trip is taken; the
 * constraints of the table decide between calls that run at once. A trip that holds the vehicle
 * already keeps it.
 */
export async function holdVehicle(
  tx: Transaction<FleetTables>,
  hold: { readonly vehicleId: string; readonly tripId: string },
): Promise<HoldResult> {
  const vehicle = await tx
    .selectFrom("vehicles")
    .selectAll()
    .where("vehicle_id", "=", hold.vehicleId)
    // Nobody takes it out of service meanwhile.
    .forShare()
    .executeTakeFirst();
  if (vehicle === undefined) {
    return { outcome: "unknown-vehicle" };
  }
  if (!vehicle.in_service) {
    return { outcome: "out-of-service" };
  }
  const inserted = await tx
    .insertInto("vehicle_holds")
    .values({ vehicle_id: hold.vehicleId, trip_id: hold.tripId })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows === 1n) {
    return { outcome: "held", vehicle: { ...vehicle, trip_id: hold.tripId }, changed: true };
  }
  const own = await tx
    .selectFrom("vehicle_holds")
    .select("vehicle_id")
    .where("trip_id", "=", hold.tripId)
    .executeTakeFirst();
  if (own === undefined) {
    return { outcome: "in-use" };
  }
  return own.vehicle_id === hold.vehicleId
    ? { outcome: "held", vehicle: { ...vehicle, trip_id: hold.tripId }, changed: false }
    : { outcome: "trip-holds-another" };
}

/**
 * freeVehicle ends the trip's hold of the vehicle, and returns the vehicle; undefined when the trip
 * does not hold it and nothing changes.
 */
export async function freeVehicle(
  tx: Transaction<FleetTables>,
  hold: { readonly vehicleId: string; readonly tripId: string },
): Promise<VehicleRow | undefined> {
  const deleted = await tx
    .deleteFrom("vehicle_holds")
    .where("vehicle_id", "=", hold.vehicleId)
    .where("trip_id", "=", hold.tripId)
    .executeTakeFirst();
  return deleted.numDeletedRows === 0n ? undefined : await findVehicle(tx, hold.vehicleId);
}

/** findVehicle reads one vehicle; undefined when there is none of this id. */
export function findVehicle(
  db: Kysely<FleetTables>,
  vehicleId: string,
): Promise<VehicleRow | undefined> {
  return vehiclesWithHolder(db).where("vehicles.vehicle_id", "=", vehicleId).executeTakeFirst();
}

/** listVehicles reads up to `limit` vehicles whose id comes after `after`, by id. */
export function listVehicles(
  db: Kysely<FleetTables>,
  page: { readonly after: string; readonly limit: number },
): Promise<VehicleRow[]> {
  return vehiclesWithHolder(db)
    .where("vehicles.vehicle_id", ">", page.after)
    .orderBy("vehicles.vehicle_id")
    .limit(page.limit)
    .execute();
}

function vehiclesWithHolder(db: Kysely<FleetTables>) {
  return db
    .selectFrom("vehicles")
    .leftJoin("vehicle_holds", "vehicle_holds.vehicle_id", "vehicles.vehicle_id")
    .selectAll("vehicles")
    .select("vehicle_holds.trip_id");
}

import type { Generated, Selectable } from "kysely";

interface VehicleTable {
  vehicle_id: string;
  model: string;
  latitude: number;
  longitude: number;
  in_service: boolean;
}

/** One row for each hold. A vehicle has one holder at most, and a trip one vehicle. */
interface VehicleHoldTable {
  vehicle_id: string;
  trip_id: string;
  held_since: Generated<Date>;
}

/** One row for each successful ReserveVehicle, by its idempotency key. */
interface ReservationTable {
  reserve_key: string;
  vehicle_id: string;
  trip_id: string;
  reserved_at: Generated<Date>;
}

/** The tables of fleet's database. */
export interface FleetTables {
  vehicles: VehicleTable;
  vehicle_holds: VehicleHoldTable;
  reservations: ReservationTable;
}

/** A vehicle with the trip that holds it; null when none does. */
export type VehicleRow = Selectable<VehicleTable> & { readonly trip_id: string | null };

import { type Kysely, sql, type Transaction } from "kysely";
import type { Migration } from "kysely/migration";

export { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
export { inbox, inboxMigration } from "@fanfare/outbox";
export type { Kysely };

/** The tables of a reactor that counts trips. */
export interface MileageDatabase {
  vehicles: { vehicle_id: string; trips: number };
}

/** Creates the table of vehicles. */
export const mileageMigration: Migration = {
  async up(db) {
    await sql`
      create table vehicles (vehicle_id text primary key, trips int not null)`.execute(db);
  },
};

/** Counts a trip of a vehicle. */
export async function addTrip(tx: Transaction<MileageDatabase>, vehicleId: string): Promise<void> {
  await sql`
    insert into vehicles values (${vehicleId}, 1)
    on conflict (vehicle_id) do update set trips = vehicles.trips + 1`.execute(tx);
}

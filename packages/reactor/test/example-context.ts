import type { EventRouter } from "@fanfare/bus";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { type Kysely, sql, type Transaction } from "kysely";
import type { Migration } from "kysely/migration";
import type { Inbox } from "../src/index.ts";

/** The database of the examples. */
export declare const db: Kysely<MileageDatabase>;

/** The tables of a reactor that counts trips. */
export interface MileageDatabase {
  vehicles: { vehicle_id: string; trips: number };
}

/** Creates the table of vehicles. */
export const mileageMigration: Migration = {
  async up(schema) {
    await sql`
      create table vehicles (vehicle_id text primary key, trips int not null)`.execute(schema);
  },
};

/** Counts a trip of a vehicle. */
export async function addTrip(tx: Transaction<MileageDatabase>, vehicleId: string): Promise<void> {
  await sql`
    insert into vehicles values (${vehicleId}, 1)
    on conflict (vehicle_id) do update set trips = vehicles.trips + 1`.execute(tx);
}

/** Returns the bindings that count each completed trip. */
export function react(inbox: Inbox<MileageDatabase>): (on: EventRouter) => void {
  return (on) => {
    on.service(TripEvents, {
      tripCompleted: inbox(async (trip, tx) => {
        await addTrip(tx, trip.vehicleId);
      }),
    });
  };
}

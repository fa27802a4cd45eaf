import { inboxMigration } from "@fanfare/outbox";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** `trip_id` is not unique, so that an effect that happened twice is visible. */
const createRevenue = sql`
  create table revenue (
    id bigint primary key generated always as identity,
    trip_id text not null,
    vehicle_id text not null,
    minor_units bigint not null,
    currency text not null,
    recorded_at timestamptz not null default now()
  )`;

const createVehicleDays = sql`
  create table vehicle_days (
    vehicle_id text not null,
    day date not null,
    currency text not null,
    trips bigint not null,
    driven_seconds bigint not null,
    minor_units bigint not null,
    primary key (vehicle_id, day, currency)
  )`;

/** The migrations of the revenue database, by name, in the order of the names. */
export const migrations: Record<string, Migration> = {
  "0001-inbox": inboxMigration,
  "0002-revenue": {
    async up(db) {
      await createRevenue.execute(db);
      await sql`create index revenue_of_trip on revenue (trip_id, id)`.execute(db);
      await createVehicleDays.execute(db);
    },
  },
};

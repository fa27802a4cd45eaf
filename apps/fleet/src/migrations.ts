import { outboxKeysMigration, outboxMigration } from "@fanfare/outbox";
import {
  idempotencyAgesMigration,
  idempotencyMigration,
  tombstonesMigration,
} from "@fanfare/service";
import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { type SeedVehicle, seedVehicles } from "./seed-vehicles.ts";

const vehicles: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("vehicles")
      // Ordered by bytes, so that pages do not depend on the locale of the server.
      .addColumn("vehicle_id", sql`text collate "C"`, (column) => column.primaryKey())
      .addColumn("model", "text", (column) => column.notNull())
      .addColumn("latitude", "double precision", (column) =>
        column.notNull().check(sql`latitude between -90 and 90`),
      )
      .addColumn("longitude", "double precision", (column) =>
        column.notNull().check(sql`longitude between -180 and 180`),
      )
      .addColumn("in_service", "boolean", (column) => column.notNull())
      .execute();
    // One row for each hold: a vehicle has at most one holder, a trip at most one vehicle.
    await db.schema
      .createTable("vehicle_holds")
      .addColumn("vehicle_id", sql`text collate "C"`, (column) =>
        column.primaryKey().references("vehicles.vehicle_id"),
      )
      .addColumn("trip_id", "uuid", (column) => column.notNull().unique())
      .addColumn("held_since", "timestamptz", (column) => column.notNull().defaultTo(sql`now()`))
      .execute();
  },
};

const reservations: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("reservations")
      .addColumn("reserve_key", "text", (column) => column.primaryKey())
      .addColumn("vehicle_id", sql`text collate "C"`, (column) => column.notNull())
      .addColumn("trip_id", "uuid", (column) => column.notNull())
      .execute();
  },
};

/** A reservation that was made before has the time of the migration. */
const reservationAges: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      alter table reservations add column reserved_at timestamptz not null default now()`.execute(
      db,
    );
    await sql`create index reservations_reserved_at on reservations (reserved_at)`.execute(db);
  },
};

const seed: Migration = {
  async up(db: Kysely<{ vehicles: SeedVehicle }>) {
    await db.insertInto("vehicles").values(seedVehicles).execute();
  },
};

/** The migrations of fleet's database, in the order of their names. They insert its first vehicles. */
export const migrations: Record<string, Migration> = {
  "0001-idempotency": idempotencyMigration,
  "0002-vehicles": vehicles,
  "0003-seed-vehicles": seed,
  "0004-outbox": outboxMigration,
  "0005-outbox-keys": outboxKeysMigration,
  "0006-tombstones": tombstonesMigration,
  "0007-reservations": reservations,
  "0008-idempotency-ages": idempotencyAgesMigration,
  "0009-reservation-ages": reservationAges,
};

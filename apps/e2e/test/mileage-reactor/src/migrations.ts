import { inboxMigration } from "@fanfare/outbox";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The migrations of the mileage database, by name and in order. */
export const migrations: Record<string, Migration> = {
  "0001-inbox": inboxMigration,
  "0002-vehicles": {
    async up(db) {
      await sql`
        create table vehicles (vehicle_id text primary key, trips int not null)`.execute(db);
    },
  },
};

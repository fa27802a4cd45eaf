import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The migration that creates the table of the riders who have no more trips, because they are erased. */
export const closedRidersMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table closed_riders (
        rider_id text primary key,
        closed_at timestamptz not null default now()
      )`.execute(db);
  },
};

import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * inboxMigration makes the table `inbox`, one row for each event that a group has handled. List it
 * among the migrations of the database that holds the handlers' effects.
 */
export const inboxMigration: Migration = {
  async up(db) {
    await sql`
      create table inbox (
        group_name text not null,
        topic text not null,
        event_id text not null,
        handled_at timestamptz not null default now(),
        attempt integer not null,
        process text not null,
        primary key (group_name, topic, event_id)
      )`.execute(db);
    await sql`create index inbox_handled_at on inbox (handled_at)`.execute(db);
  },
};

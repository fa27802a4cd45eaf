import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * The table of records and the columns by which old ones are found, for a pruner such as `startPruner` of
 * `@fanfare/service`. `startPruning` prunes it without one.
 */
export const inboxTable = {
  table: "inbox",
  key: ["group_name", "topic", "event_id"],
  since: "handled_at",
} as const;

/**
 * The migration that creates the table `inbox`, with one row for each event that a group has handled.
 * Add it to the migrations of the database that holds the handlers' effects.
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

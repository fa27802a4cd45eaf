import { inboxMigration } from "@fanfare/outbox";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";

const createEvents = sql`
  create table events (
    position bigint primary key,
    event_id text not null,
    topic text not null,
    key text,
    type text not null,
    source text not null,
    event_time timestamptz not null,
    recorded_at timestamptz not null default now(),
    json text not null
  )`;

/** The migrations of the audit database, by name, in the order of the names. */
export const migrations: Record<string, Migration> = {
  "0001-inbox": inboxMigration,
  "0002-events": {
    async up(db) {
      await sql`create table log_end (position bigint not null)`.execute(db);
      await sql`insert into log_end (position) values (0)`.execute(db);
      await createEvents.execute(db);
      await sql`create index events_of_topic on events (topic, position)`.execute(db);
      await sql`create index events_of_key on events (key, position)`.execute(db);
    },
  },
  "0003-event-ages": {
    async up(db) {
      await sql`create index events_recorded_at on events (recorded_at)`.execute(db);
    },
  },
};

import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * The migration that creates the table `outbox`, with one row for each event that waits to be
 * published or was rejected. Add it to the migrations of the database whose changes are published.
 */
export const outboxMigration: Migration = {
  async up(db) {
    await sql`
      create table outbox (
        sequence bigint generated always as identity primary key,
        topic text not null,
        event_id text not null,
        event_key text,
        partition smallint not null,
        type text not null,
        data bytea not null,
        headers jsonb not null,
        event_time timestamptz not null,
        written_at timestamptz not null default now(),
        rejected_at timestamptz,
        rejected_code text,
        rejected_reason text,
        unique (topic, event_id)
      )`.execute(db);
    await sql`
      create index outbox_waiting on outbox (topic, partition, sequence)
      where rejected_at is null`.execute(db);
  },
};

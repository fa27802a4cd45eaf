import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * outboxMigration makes the table `outbox`, one row for each event that waits to be published or
 * was set aside. List it among the migrations of the database whose changes are announced.
 */
export const outboxMigration: Migration = {
  async up(db) {
    await sql`
      create table outbox (
        sequence bigint generated always as identity primary key,
        topic text not null,
        event_id text not null,
        event_key text,
        lane smallint not null,
        type text not null,
        data bytea not null,
        headers jsonb not null,
        event_time timestamptz not null,
        written_at timestamptz not null default now(),
        set_aside_at timestamptz,
        set_aside_code text,
        set_aside_reason text,
        unique (topic, event_id)
      )`.execute(db);
    await sql`
      create index outbox_waiting on outbox (topic, lane, sequence)
      where set_aside_at is null`.execute(db);
  },
};

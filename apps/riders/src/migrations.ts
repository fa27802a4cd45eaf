import { outboxKeysMigration, outboxMigration } from "@fanfare/outbox";
import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { erasuresMigration } from "./erasure/erasure-tables.ts";

const riders: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table riders (
        rider_id text primary key,
        display_name text not null default '',
        email text not null default '',
        locale text not null default 'en',
        time_zone text not null default 'UTC'
      )`.execute(db);
    await sql`
      create table rider_consents (
        rider_id text not null references riders,
        consent text not null check (consent in ('marketing', 'analytics')),
        given_at timestamptz not null default now(),
        primary key (rider_id, consent)
      )`.execute(db);
    // A gateway's token is added once, so that a repeated call finds the method that the first one added.
    await sql`
      create table payment_methods (
        payment_method_id uuid primary key default gen_random_uuid(),
        rider_id text not null references riders,
        gateway_token text not null,
        label text not null,
        added_at timestamptz not null default now(),
        unique (rider_id, gateway_token)
      )`.execute(db);
  },
};

/** The migrations of the database of riders, in the order of their names. */
export const migrations: Record<string, Migration> = {
  "0001-outbox": outboxMigration,
  "0002-outbox-keys": outboxKeysMigration,
  "0003-riders": riders,
  "0004-erasures": erasuresMigration,
};

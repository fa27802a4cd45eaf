import { inboxMigration } from "@fanfare/outbox";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** `trip_id` is not unique, so that an effect that happened twice is visible. */
const createReceipts = sql`
  create table receipts (
    id bigint primary key generated always as identity,
    trip_id text not null,
    rider_id text not null,
    subject text not null,
    text text not null,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    attempts integer not null default 0,
    due_at timestamptz not null default now(),
    last_error text
  )`;

const createDrafts = sql`
  create table receipt_drafts (
    id bigint primary key generated always as identity,
    trip_id text not null,
    rider_id text not null,
    refund_id text,
    event text not null,
    created_at timestamptz not null default now(),
    attempts integer not null default 0,
    due_at timestamptz not null default now(),
    last_error text
  )`;

/** The migrations of the notifications database, by name, in the order of the names. */
export const migrations: Record<string, Migration> = {
  "0001-inbox": inboxMigration,
  "0002-receipts": {
    async up(db) {
      await createReceipts.execute(db);
      await sql`create index receipts_of_trip on receipts (trip_id, id)`.execute(db);
      await sql`create index receipts_to_send on receipts (due_at) where sent_at is null`.execute(
        db,
      );
    },
  },
  "0003-receipt-ages": {
    async up(db) {
      await sql`create index receipts_created_at on receipts (created_at)`.execute(db);
    },
  },
  // The version before writes its receipts without a draft and an event, and sends those of this one.
  "0004-receipt-drafts": {
    async up(db) {
      await createDrafts.execute(db);
      await sql`create index receipt_drafts_due on receipt_drafts (due_at)`.execute(db);
      await sql`create index receipt_drafts_of_trip on receipt_drafts (trip_id)`.execute(db);
      await sql`alter table receipts add column refund_id text, add column event text`.execute(db);
      await sql`
        create unique index receipts_of_refund on receipts (trip_id, refund_id)`.execute(db);
    },
  },
  // Receipts are kept for good, and their rider exports or erases them.
  "0005-receipts-of-rider": {
    async up(db) {
      await sql`create index receipts_of_rider on receipts (rider_id, id)`.execute(db);
    },
  },
};

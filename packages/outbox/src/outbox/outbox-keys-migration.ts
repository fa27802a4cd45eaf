import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * The migration that creates the table `outbox_keys`, with one row for each key that was written in the
 * last minutes, and records with each event the transaction that wrote it. Add it after
 * `outboxMigration`. Events that wait in the outbox stay there and are published.
 */
export const outboxKeysMigration: Migration = {
  async up(db) {
    await sql`
      create table outbox_keys (
        key_hash bytea primary key,
        created_at timestamptz not null default now()
      )`.execute(db);
    await sql`create index outbox_keys_created_at on outbox_keys (created_at)`.execute(db);
    // The 32-bit id, as in pg_locks. Null for the events from before this migration, whose transactions
    // have ended.
    await sql`alter table outbox add column transaction_id bigint`.execute(db);
    await sql`
      alter table outbox alter column transaction_id
      set default (pg_current_xact_id()::xid::text::bigint)`.execute(db);
    await sql`
      create index outbox_transaction on outbox (transaction_id, topic, partition, sequence)
      where rejected_at is null`.execute(db);
  },
};

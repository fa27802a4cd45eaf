import type { Generated, Kysely } from "kysely";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The table `idempotency_keys`: the result of each call by its idempotency key. */
export interface IdempotencyTable {
  key: string;
  /** The hash of method and request. Null for a key that was tombstoned before its first call. */
  request_hash: Buffer | null;
  /** The response in protobuf's binary format. Null for a key without a completed call. */
  answer: Buffer | null;
  tombstoned_at: Date | null;
  created_at: Generated<Date>;
}

const createTombstones = sql`
  create table if not exists idempotency_tombstones (
    key text primary key,
    created_at timestamptz not null default now()
  )`;

/** The migration that creates the tables of `runOnce` and `tombstone`. */
export const idempotencyMigration: Migration = {
  async up(db) {
    await sql`
      create table idempotency_keys (
        key text primary key,
        request_hash bytea,
        answer bytea,
        tombstoned_at timestamptz,
        created_at timestamptz not null default now()
      )`.execute(db);
    await createTombstones.execute(db);
  },
};

/**
 * The migration of a database whose `idempotencyMigration` has created `idempotency_keys` alone. Changes
 * nothing otherwise.
 */
export const tombstonesMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await createTombstones.execute(db);
    await sql`
      insert into idempotency_tombstones (key, created_at)
      select key, tombstoned_at from idempotency_keys where tombstoned_at is not null
      on conflict do nothing`.execute(db);
  },
};

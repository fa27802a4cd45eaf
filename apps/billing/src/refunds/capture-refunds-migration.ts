import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Adds the refunds of captured tabs, and those of the sandbox gateway. */
export const captureRefundsMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table capture_refunds (
        refund_key text primary key,
        trip_id uuid not null references tabs (trip_id),
        minor_units bigint not null check (minor_units > 0),
        state text not null check (state in ('refunding', 'refunded', 'declined'))
      )`.execute(db);
    await sql`create index capture_refunds_of_trip on capture_refunds (trip_id)`.execute(db);
    await sql`
      create table sandbox_refunds (
        refund_key text primary key,
        capture_key text not null references sandbox_captures (capture_key),
        minor_units bigint not null check (minor_units > 0),
        given boolean not null
      )`.execute(db);
    await sql`create index sandbox_refunds_of_capture on sandbox_refunds (capture_key)`.execute(db);
  },
};

import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

const createRefunds = sql`
  create table trip_refunds (
    refund_id text primary key,
    trip_id uuid not null references trips (trip_id),
    minor_units bigint not null check (minor_units > 0),
    currency text not null,
    state text not null check (state in ('REQUESTED', 'REFUNDED', 'PUBLISHED', 'REFUSED')),
    refusal text,
    requested_at timestamptz not null default now(),
    refunded_at timestamptz,
    total_refunded bigint,
    deliver_at timestamptz not null,
    deliveries integer not null default 0
  )`;

/** Adds the refunds of settled trips. */
export const refundsMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await createRefunds.execute(db);
    await sql`create index trip_refunds_of_trip on trip_refunds (trip_id)`.execute(db);
    await sql`
      create index trip_refunds_due on trip_refunds (deliver_at)
      where state in ('REQUESTED', 'REFUNDED')`.execute(db);
    await sql`
      alter table trips add column refunded bigint check (refunded between 0 and settled)`.execute(
      db,
    );
  },
};

import { type ColumnType, type Generated, type Kysely, type Selectable, sql } from "kysely";
import type { Migration } from "kysely/migration";

type Instant = ColumnType<Date | null, never, Date>;

/** One row for each rider whose erasure was requested. It is kept for good: the rider stays erased. */
export interface ErasureTable {
  rider_id: string;
  /** Who erases the rider, and why. */
  operator: string;
  reason: string;
  requested_at: Generated<Date>;
  /** When the data of riders was erased. Null while trips has not closed the rider. */
  begun_at: Instant;
  completed_at: Instant;
  /** Why trips refused an erasure that was recorded before it answered. Ends the erasure. */
  refusal: ColumnType<string | null, never, string | null>;
  /** When the apps are asked next, and how often one of them has failed since all answered. */
  due_at: Generated<Date>;
  failures: Generated<number>;
}

/** One row for each app that has data of a rider who is erased. */
export interface ErasureAppTable {
  rider_id: string;
  app: string;
  confirmed_at: Instant;
  /** What the app keeps, and why. */
  kept: Generated<string[]>;
  last_error: Generated<string>;
}

/** The erasure of a rider. */
export type ErasureRow = Selectable<ErasureTable>;

/** The erasure of a rider in an app. */
export type ErasureAppRow = Selectable<ErasureAppTable>;

/** The migration that creates the tables of erasures, and marks riders as erased. */
export const erasuresMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table riders add column erased_at timestamptz`.execute(db);
    await sql`
      create table erasures (
        rider_id text primary key,
        operator text not null,
        reason text not null,
        requested_at timestamptz not null default now(),
        begun_at timestamptz,
        completed_at timestamptz check (begun_at is not null or completed_at is null),
        refusal text,
        due_at timestamptz not null default now(),
        failures integer not null default 0
      )`.execute(db);
    await sql`
      create index erasures_due on erasures (due_at)
      where completed_at is null and refusal is null`.execute(db);
    await sql`
      create table erasure_apps (
        rider_id text not null references erasures,
        app text not null,
        confirmed_at timestamptz,
        kept text[] not null default '{}',
        last_error text not null default '',
        primary key (rider_id, app)
      )`.execute(db);
  },
};

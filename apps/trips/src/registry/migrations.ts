import { launchTariff, steps } from "@fanfare/trip-contract";
import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { refundsMigration } from "../refunds/refunds-migration.ts";
import { closedRidersMigration } from "../riders/closed-riders-migration.ts";
import {
  createTariffInForce,
  createTariffs,
  refuseTariffChanges,
} from "../tariffs/tariff-tables.ts";

const createTrips = sql`
  create table trips (
    trip_id uuid primary key,
    rider_id text not null,
    vehicle_id text not null,
    payment_method text not null,
    request_hash text not null,
    status text not null check (status in ('REQUESTED', 'PENDING', 'ACTIVE', 'ENDED', 'SETTLED',
      'COMPENSATING', 'CANCELLED', 'NEEDS_ATTENTION')),
    version bigint not null check (version >= 1),
    compensation_version bigint not null default 0,
    delay_version bigint not null default 0,
    requested_at timestamptz not null,
    started_at timestamptz,
    ended_at timestamptz check (ended_at >= started_at),
    fare bigint check (fare >= 0),
    settled bigint check (settled >= 0),
    currency text,
    reason text,
    refusal_code text,
    refusal_message text,
    delayed_step text,
    broadcast text check (broadcast in ('DELAYED', 'PUBLISHED')),
    broadcast_error text,
    published_at timestamptz,
    reconcile_at timestamptz not null,
    check (status not in ('ENDED', 'SETTLED') or fare is not null),
    check (status <> 'CANCELLED' or ended_at is null),
    check ((status = 'SETTLED') = (settled is not null)),
    check (broadcast is null or status = 'SETTLED')
  )`;

const createTripChanges = sql`
  create table trip_changes (
    trip_id uuid not null references trips,
    version bigint not null,
    trip jsonb not null,
    recorded_at timestamptz not null default now(),
    primary key (trip_id, version)
  )`;

const indexes = [
  sql`create index trips_newest on trips (requested_at desc, trip_id desc)`,
  sql`create index trips_newest_of_rider on trips (rider_id, requested_at desc, trip_id desc)`,
  sql`create index trips_newest_of_status on trips (status, requested_at desc, trip_id desc)`,
  sql`create index trips_unstarted on trips (reconcile_at) where status = 'REQUESTED'`,
];

const openTripsAtFirst = sql<boolean>`(
  status in ('PENDING', 'ACTIVE', 'ENDED', 'COMPENSATING', 'NEEDS_ATTENTION')
  or status = 'SETTLED'
    and (broadcast is distinct from 'PUBLISHED' or reason is not null or delayed_step is not null)
)`;

/**
 * Selects the trips that a workflow accepted and has not finished. The index `trips_open` has the same
 * predicate: another predicate needs a migration that replaces the index.
 */
export const openTrips = sql<boolean>`(
  status in ('PENDING', 'ACTIVE', 'ENDED', 'COMPENSATING', 'NEEDS_ATTENTION')
  or status = 'SETTLED'
    and (broadcast is distinct from 'PUBLISHED' or reason is not null or delayed_step is not null
      or not (vehicle_released or ${sql.lit(steps.releaseVehicle)} = any (resolved_steps)))
)`;

/** Selects the trips whose stop request their workflow has not carried out. */
export const stoppingTrips = sql<boolean>`(
  stop_kind is not null and status in ('PENDING', 'ACTIVE')
)`;

const addStopRequests = sql`
  alter table trips
    add column stop_kind text check (stop_kind in ('END', 'CANCEL')),
    add column stop_requested_at timestamptz check (stop_requested_at >= started_at or stop_kind <> 'END'),
    add column stop_reason text,
    add column stop_operator text,
    add column stop_deliver_at timestamptz,
    add column stop_deliveries integer not null default 0,
    add check ((stop_kind is null) = (stop_requested_at is null))`;

const createOperatorLog = sql`
  create table operator_log (
    position bigint primary key generated always as identity,
    entry_id text not null unique,
    operator text not null,
    decided_at timestamptz not null default now(),
    action text not null,
    subject text not null,
    details text not null,
    reason text not null
  )`;

const createPendingDecisions = sql`
  create table pending_decisions (
    entry_id text primary key,
    deliver_at timestamptz not null,
    deliveries integer not null default 0
  )`;

const refuseLogChanges = sql`
  create function refuse_operator_log_change() returns trigger language plpgsql as $$
    begin
      raise exception 'the operator log is append-only: append another entry instead';
    end
  $$`;

/** The statuses of a trip that keeps its rider from another one. */
const activeStatuses = sql`('REQUESTED', 'PENDING', 'ACTIVE')`;

/** The trips that keep their rider from another one. */
export const ridersTrips = sql<boolean>`occupies_rider and status in ${activeStatuses}`;

/** A rider of older versions may have several active trips: only the newest keeps them from another. */
const releaseOlderTrips = sql`
  update trips set occupies_rider = false
  where status in ${activeStatuses} and exists (
    select from trips newer
    where newer.rider_id = trips.rider_id and newer.status in ${activeStatuses}
      and (newer.requested_at, newer.trip_id) > (trips.requested_at, trips.trip_id))`;

/** The migrations of the registry's database, in the order of their names. */
export const migrations: Record<string, Migration> = {
  "0001-registry": {
    async up(db: Kysely<unknown>) {
      for (const statement of [createTrips, createTripChanges, ...indexes]) {
        await statement.execute(db);
      }
    },
  },
  "0002-decisions": {
    async up(db: Kysely<unknown>) {
      await sql`alter table trips add column decision text`.execute(db);
    },
  },
  "0003-open-trips": {
    async up(db: Kysely<unknown>) {
      await sql`create index trips_open on trips (reconcile_at) where ${openTripsAtFirst}`.execute(
        db,
      );
    },
  },
  "0004-trip-record": {
    async up(db: Kysely<unknown>) {
      await sql`
        alter table trips
          add column refusal_step text,
          add column compensation_reason text,
          add column resolved_steps text[] not null default '{}'`.execute(db);
      await sql`
        update trips set compensation_reason = reason
        where status in ('COMPENSATING', 'CANCELLED')`.execute(db);
    },
  },
  "0005-stop-requests": {
    async up(db: Kysely<unknown>) {
      await addStopRequests.execute(db);
      await sql`create index trips_stopping on trips (stop_deliver_at) where ${stoppingTrips}`.execute(
        db,
      );
    },
  },
  "0006-operator-log": {
    async up(db: Kysely<unknown>) {
      await createOperatorLog.execute(db);
      await sql`create index operator_log_of_subject on operator_log (subject, position)`.execute(
        db,
      );
      await refuseLogChanges.execute(db);
      // The role of the app owns the table, so revoked privileges would not hold.
      await sql`
        create trigger append_only before update or delete or truncate on operator_log
        for each statement execute function refuse_operator_log_change()`.execute(db);
    },
  },
  "0007-pending-decisions": {
    async up(db: Kysely<unknown>) {
      await createPendingDecisions.execute(db);
    },
  },
  "0008-before-and-after": {
    async up(db: Kysely<unknown>) {
      await sql`alter table operator_log add column before jsonb, add column after jsonb`.execute(
        db,
      );
    },
  },
  "0009-tariffs": {
    async up(db: Kysely<unknown>) {
      for (const statement of [createTariffs, createTariffInForce, refuseTariffChanges]) {
        await statement.execute(db);
      }
      const { id, currency, unlockFee, incrementPrice, ...ms } = launchTariff;
      await sql`
        insert into tariffs
          (id, currency, unlock_fee, increment_price, increment_ms, maximum_drive_ms, grace_ms)
        values (${id}, ${currency}, ${unlockFee}, ${incrementPrice}, ${ms.incrementMs},
          ${ms.maximumDriveMs}, ${ms.graceMs})`.execute(db);
      await sql`insert into tariff_in_force (tariff_id) values (${id})`.execute(db);
      await sql`
        create trigger unchanged before update or delete or truncate on tariffs
        for each statement execute function refuse_tariff_change()`.execute(db);
      await sql`
        create trigger stays before delete or truncate on tariff_in_force
        for each statement execute function refuse_tariff_change()`.execute(db);
      await sql`alter table trips add column tariff jsonb`.execute(db);
    },
  },
  "0010-grace": {
    async up(db: Kysely<unknown>) {
      await sql`alter table trips add column grace_ended_at timestamptz`.execute(db);
    },
  },
  "0011-one-active-trip": {
    async up(db: Kysely<unknown>) {
      await sql`alter table trips add column occupies_rider boolean not null default true`.execute(
        db,
      );
      await releaseOlderTrips.execute(db);
      await sql`
        create unique index trips_active_of_rider on trips (rider_id)
        where ${ridersTrips}`.execute(db);
    },
  },
  "0012-cancelled-by": {
    async up(db: Kysely<unknown>) {
      await sql`
        alter table trips add column cancelled_by text check (cancelled_by in ('RIDER', 'OPERATOR'))`.execute(
        db,
      );
      await sql`
        update trips set cancelled_by = case when stop_operator is null then 'RIDER' else 'OPERATOR' end
        where stop_kind = 'CANCEL' and stop_deliver_at is not null`.execute(db);
    },
  },
  "0013-refunds": refundsMigration,
  "0014-ages-of-changes": {
    async up(db: Kysely<unknown>) {
      await sql`create index trip_changes_recorded_at on trip_changes (recorded_at)`.execute(db);
    },
  },
  "0015-vehicle-released": {
    async up(db: Kysely<unknown>) {
      await sql`alter table trips add column vehicle_released boolean not null default false`.execute(
        db,
      );
      await sql`
        update trips set vehicle_released = true
        where status = 'SETTLED' and not ${openTripsAtFirst}`.execute(db);
      await sql`drop index trips_open`.execute(db);
      await sql`create index trips_open on trips (reconcile_at) where ${openTrips}`.execute(db);
    },
  },
  "0016-closed-riders": closedRidersMigration,
};

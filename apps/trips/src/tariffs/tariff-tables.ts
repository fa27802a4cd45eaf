// The tables of the tariffs, as a migration creates them.
import { sql } from "kysely";

/** Creates the table of tariffs. */
export const createTariffs = sql`
  create table tariffs (
    position bigint primary key generated always as identity,
    id text not null unique,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    unlock_fee bigint not null check (unlock_fee >= 0),
    increment_price bigint not null check (increment_price >= 0),
    increment_ms bigint not null check (increment_ms > 0),
    maximum_drive_ms bigint not null check (maximum_drive_ms > 0),
    grace_ms bigint not null check (grace_ms >= 0 and grace_ms < maximum_drive_ms)
  )`;

/**
 * Creates the table with the tariff in force. It has one row, because its key has one value and the row can be
 * neither removed nor added.
 */
export const createTariffInForce = sql`
  create table tariff_in_force (
    single boolean primary key default true check (single),
    tariff_id text not null references tariffs (id)
  )`;

/** Creates the function with which triggers refuse changes of tariffs. */
export const refuseTariffChanges = sql`
  create function refuse_tariff_change() returns trigger language plpgsql as $$
    begin
      raise exception 'tariffs never change and exactly one is in force: put another one in force instead';
    end
  $$`;

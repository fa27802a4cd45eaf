import { countedReactors, type ReactorEffects, type ReactorName } from "@fanfare/topology";
import { Pool } from "pg";
import { type CancelAccount, checkGrace, checkMinutes } from "./check-minutes.ts";
import { type BilledTrip, checkMoney } from "./check-money.ts";

/** What the databases contain of one trip. Amounts are in minor units. */
export interface TripAccount extends CancelAccount {
  /** The status in the registry. `unknown` when it has no such trip. */
  readonly status: string;
  readonly reason: string | null;
  readonly ended: boolean;
  readonly settled: number | null;
  readonly broadcast: string | null;
  /** The vehicles that the trip holds. */
  readonly vehicles: readonly string[];
  /** The state of the tab. Null when the trip has none. */
  readonly tab: string | null;
  /** The number of charges. */
  readonly charges: number;
  /** The charges minus the refunds. */
  readonly balance: number;
  /** The number of authorisations that the gateway granted. */
  readonly authorisations: number;
  /** The amount that is authorised, and neither captured nor voided. */
  readonly authorised: number;
  /** The number of captures. */
  readonly captures: number;
  readonly captured: number;
}

/** The number of effects of one trip in each reactor whose effects can be counted, by its name. */
export type TripEffects = Readonly<Record<string, number>>;

/** The URLs of the databases of three services, and of the reactors. */
export interface BooksUrls extends Record<"trips" | "fleet" | "billing", string> {
  /** Needed by `readEffects` alone. */
  readonly reactors?: Readonly<Record<ReactorName, string>>;
}

/** Reads the databases of all apps, without their services. */
export interface Books extends AsyncDisposable {
  /**
   * Reads the accounts of trips, in the order of their ids. Throws when one breaks the invariant M, was
   * compensated after its grace, or has a ledger that is not right.
   */
  readAccounts(tripIds: readonly string[]): Promise<TripAccount[]>;
  /** Reads the effects of trips, in the order of their ids. */
  readEffects(tripIds: readonly string[]): Promise<TripEffects[]>;
  /** Adds vehicles that are in service and free. Returns their ids. */
  addVehicles(count: number): Promise<string[]>;
  /** Holds a vehicle for another trip. Returns the id of that trip. */
  holdVehicle(vehicleId: string): Promise<string>;
  /** Moves the start of a drive into the past, as if the rider had been driving for longer. */
  backdateStart(tripId: string, ms: number): Promise<void>;
  /** Returns for how long a drive has lasted by now, in milliseconds, whether or not it has ended. */
  readElapsed(tripId: string): Promise<number>;
  /** Returns the id of the trip that holds a vehicle. */
  findHolder(vehicleId: string): Promise<string | undefined>;
}

type RegistryPart = Pick<
  TripAccount,
  | "tripId"
  | "status"
  | "reason"
  | "ended"
  | "driveMs"
  | "requestedMs"
  | "fare"
  | "tariff"
  | "started"
  | "cancelledMs"
  | "settled"
  | "broadcast"
>;
type FleetPart = Pick<TripAccount, "tripId" | "vehicles">;
type BillingPart = Pick<TripAccount, "tripId"> &
  Omit<TripAccount, keyof RegistryPart | keyof FleetPart>;

const registrySql = `
  select trip_id::text as "tripId", coalesce(status, 'unknown') as status, reason, ended_at is not null as ended,
    round(extract(epoch from ended_at - started_at) * 1000)::integer as "driveMs",
    case when stop_kind = 'END'
      then round(extract(epoch from stop_requested_at - started_at) * 1000)::integer end as "requestedMs",
    fare::integer, settled::integer, broadcast, tariff, started_at is not null as started,
    case when stop_kind = 'CANCEL'
      then round(extract(epoch from stop_requested_at - started_at) * 1000)::integer end as "cancelledMs"
  from unnest($1::uuid[]) as trip (trip_id) left join trips using (trip_id)`;

const fleetSql = `
  select trip_id::text as "tripId",
    array(select vehicle_id from vehicle_holds hold where hold.trip_id = trip.trip_id) as vehicles
  from unnest($1::uuid[]) as trip (trip_id)`;

const billingSql = `
  select trip_id::text as "tripId", state as tab,
    (select count(*)::integer from tab_entries entry
      where entry.trip_id = trip.trip_id and kind = 'charge') as charges,
    (select coalesce(sum(minor_units), 0)::integer from tab_entries entry
      where entry.trip_id = trip.trip_id) as balance,
    (select count(*)::integer from sandbox_authorisations
      where starts_with(authorisation_key, prefix) and state <> 'refused') as authorisations,
    (select coalesce(sum(minor_units), 0)::integer from sandbox_authorisations
      where starts_with(authorisation_key, prefix) and state = 'authorised') as authorised,
    (select count(*)::integer from sandbox_captures
      where starts_with(capture_key, prefix) and taken) as captures,
    (select coalesce(sum(minor_units), 0)::integer from sandbox_captures
      where starts_with(capture_key, prefix) and taken) as captured
  from (select trip_id, 'tab/' || trip_id || '/' as prefix from unnest($1::uuid[]) as id (trip_id)) as trip
    left join tabs using (trip_id)`;

const moneySql = `
  select trip_id::text as "tripId", state as tab, postings::integer, receivable::integer,
    fees::integer, fares::integer, refunds::integer, gateway::integer,
    (select coalesce(sum(minor_units), 0)::integer from sandbox_captures
      where starts_with(capture_key, prefix) and taken) as taken,
    (select coalesce(sum(minor_units), 0)::integer from sandbox_refunds
      where starts_with(capture_key, prefix) and given) as returned,
    (select coalesce(sum(minor_units), 0)::integer from capture_refunds refund
      where refund.trip_id = trip.trip_id and state = 'refunding') as refunding
  from (select trip_id, 'tab/' || trip_id || '/' as prefix from unnest($1::uuid[]) as id (trip_id)) as trip
    left join tabs using (trip_id),
    lateral (
      select coalesce(sum(minor_units), 0) as postings,
        coalesce(sum(minor_units) filter (where account = 'RECEIVABLE'), 0) as receivable,
        coalesce(sum(minor_units) filter (where account = 'FEES'), 0) as fees,
        coalesce(sum(minor_units) filter (where account = 'FARES'), 0) as fares,
        coalesce(sum(minor_units) filter (where account = 'REFUNDS'), 0) as refunds,
        coalesce(sum(minor_units) filter (where account = 'GATEWAY'), 0) as gateway
      from journal join postings using (transaction_id) where journal.trip_id = trip.trip_id
    ) as ledger`;

/** Opens the databases. */
export function openBooks(urls: BooksUrls): Books {
  const stack = new AsyncDisposableStack();
  const open = (url: string) => openPool(stack, url);
  const trips = open(urls.trips);
  const fleet = open(urls.fleet);
  const billing = open(urls.billing);
  const { reactors: reactorUrls } = urls;
  const reactors =
    reactorUrls &&
    countedReactors.map((reactor) => ({ ...reactor, pool: open(reactorUrls[reactor.name]) }));

  return {
    async readAccounts(tripIds) {
      const [registry, holds, tabs] = await Promise.all([
        trips.query<RegistryPart>(registrySql, [tripIds]),
        fleet.query<FleetPart>(fleetSql, [tripIds]),
        billing.query<BillingPart>(billingSql, [tripIds]),
      ]);
      const findTrip = indexByTrip(registry.rows);
      const findHolds = indexByTrip(holds.rows);
      const findTab = indexByTrip(tabs.rows);
      // Read after the registry, which records what billing has done.
      const money = await billing.query<BilledTrip>(moneySql, [tripIds]);
      const findMoney = indexByTrip(money.rows);
      for (const account of registry.rows) {
        checkMinutes(account);
        checkGrace(account);
        checkMoney(account, findMoney(account.tripId));
      }
      return tripIds.map((id) => ({ ...findTrip(id), ...findHolds(id), ...findTab(id) }));
    },

    async readEffects(tripIds) {
      if (reactors === undefined) throw new Error("expected the URLs of the reactors: pass them");
      const counted = await Promise.all(
        reactors.map(async ({ name, pool, effects }) => ({
          name,
          counts: await countRows(pool, effects, tripIds),
        })),
      );
      return tripIds.map((id) =>
        Object.fromEntries(counted.map(({ name, counts }) => [name, counts.get(id) ?? 0])),
      );
    },

    async addVehicles(count) {
      const ids = Array.from({ length: count }, () => `vehicle-${crypto.randomUUID()}`);
      await fleet.query(
        "insert into vehicles select id, 'Renault Zoe', 45.75, 4.85, true from unnest($1::text[]) as id",
        [ids],
      );
      return ids;
    },

    async holdVehicle(vehicleId) {
      const tripId = crypto.randomUUID();
      await fleet.query("insert into vehicle_holds values ($1, $2::uuid)", [vehicleId, tripId]);
      return tripId;
    },

    async backdateStart(tripId, ms) {
      await trips.query(
        "update trips set started_at = started_at - $2 * interval '1 millisecond' where trip_id = $1",
        [tripId, ms],
      );
    },

    async readElapsed(tripId) {
      const { rows } = await trips.query<{ ms: number }>(
        "select (extract(epoch from now() - started_at) * 1000)::float as ms from trips where trip_id = $1",
        [tripId],
      );
      return rows[0]?.ms ?? 0;
    },

    async findHolder(vehicleId) {
      const { rows } = await fleet.query<{ id: string }>(
        "select trip_id::text as id from vehicle_holds where vehicle_id = $1",
        [vehicleId],
      );
      return rows[0]?.id;
    },

    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Returns the number of rows of each trip that has any. */
async function countRows(
  pool: Pool,
  { table, tripColumn }: ReactorEffects,
  tripIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ id: string; n: number }>(
    `select ${tripColumn} as id, count(*)::integer as n from ${table}
      where ${tripColumn} = any($1) group by 1`,
    [tripIds],
  );
  return new Map(rows.map(({ id, n }) => [id, n]));
}

function openPool(stack: AsyncDisposableStack, connectionString: string): Pool {
  const pool = new Pool({ connectionString, max: 4, connectionTimeoutMillis: 10_000 });
  // A stopped server ends idle connections with an error. The next query opens another one.
  pool.on("error", () => {});
  stack.defer(() => pool.end());
  return pool;
}

/** Returns a function that finds the row of a trip. */
function indexByTrip<Row extends { readonly tripId: string }>(
  rows: readonly Row[],
): (tripId: string) => Row {
  const byTrip = new Map(rows.map((row) => [row.tripId, row]));
  return (tripId) => {
    const row = byTrip.get(tripId);
    if (row === undefined) throw new Error(`expected a row of trip ${tripId}, got none`);
    return row;
  };
}

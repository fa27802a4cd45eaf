import { Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";

/** Account is what the databases hold of one trip. Amounts are in minor units. */
export interface Account {
  readonly status: string;
  readonly reason: string | null;
  readonly ended: boolean;
  readonly fare: number | null;
  readonly settled: number | null;
  readonly broadcast: string | null;
  /** The vehicles that the trip holds. */
  readonly vehicles: readonly string[];
  /** The state of its tab; null when it has none. */
  readonly tab: string | null;
  /** How many charges are on its tab, and what they come to less what was refunded. */
  readonly charges: number;
  readonly balance: number;
  /** How many authorisations the gateway ever granted, what it holds now, and what it took. */
  readonly granted: number;
  readonly held: number;
  readonly taken: number;
}

/** Books read the databases of trips, fleet and billing, past their services. */
export interface Books extends AsyncDisposable {
  accountOf(tripId: string): Promise<Account>;
  /** addVehicle adds a vehicle that nobody holds. */
  addVehicle(): Promise<string>;
  /** holdVehicle lets somebody else hold it. */
  holdVehicle(vehicleId: string): Promise<void>;
  /** holderOf is the trip that holds the vehicle. */
  holderOf(vehicleId: string): Promise<string | undefined>;
}

export interface BooksUrls {
  readonly trips: string;
  readonly fleet: string;
  readonly billing: string;
}

/** openBooks opens the three databases. */
export function openBooks(urls: BooksUrls): Books {
  const trips = connect(urls.trips);
  const fleet = connect(urls.fleet);
  const billing = connect(urls.billing);
  const others = new Map<string, string>();

  return {
    async accountOf(tripId) {
      const [trip, holds, tab] = await Promise.all([
        tripRow(tripId).execute(trips),
        holdsRow(tripId).execute(fleet),
        tabRow(tripId).execute(billing),
      ]);
      return { ...only(trip.rows), ...only(holds.rows), ...only(tab.rows) };
    },

    async addVehicle() {
      const vehicleId = `vehicle-${crypto.randomUUID()}`;
      await sql`insert into vehicles values (${vehicleId}, 'Renault Zoe', 45.75, 4.85, true)`.execute(
        fleet,
      );
      return vehicleId;
    },

    async holdVehicle(vehicleId) {
      const tripId = crypto.randomUUID();
      others.set(vehicleId, tripId);
      await sql`insert into vehicle_holds values (${vehicleId}, ${tripId}::uuid)`.execute(fleet);
    },

    async holderOf(vehicleId) {
      const { rows } = await sql<{ holder: string }>`
        select trip_id::text as holder from vehicle_holds where vehicle_id = ${vehicleId}`.execute(
        fleet,
      );
      const row = rows[0];
      if (row === undefined) return undefined;
      return row.holder === others.get(vehicleId) ? "somebody else" : row.holder;
    },

    async [Symbol.asyncDispose]() {
      await Promise.all([trips.destroy(), fleet.destroy(), billing.destroy()]);
    },
  };
}

type TripPart = Pick<Account, "status" | "reason" | "ended" | "fare" | "settled" | "broadcast">;
type TabPart = Omit<Account, "vehicles" | keyof TripPart>;

function tripRow(tripId: string) {
  return sql<TripPart>`
    select status, reason, ended_at is not null as ended, fare::integer, settled::integer, broadcast
    from trips where trip_id = ${tripId}::uuid`;
}

function holdsRow(tripId: string) {
  return sql<Pick<Account, "vehicles">>`
    select coalesce(array_agg(vehicle_id), '{}') as vehicles
    from vehicle_holds where trip_id = ${tripId}::uuid`;
}

function tabRow(tripId: string) {
  const keys = `tab/${tripId}/%`;
  return sql<TabPart>`
    select
      (select state from tabs where trip_id = ${tripId}::uuid) as tab,
      (select count(*)::integer from tab_entries
        where trip_id = ${tripId}::uuid and kind = 'charge') as charges,
      (select coalesce(sum(minor_units), 0)::integer from tab_entries
        where trip_id = ${tripId}::uuid) as balance,
      (select count(*)::integer from sandbox_authorisations
        where authorisation_key like ${keys} and state <> 'refused') as granted,
      (select coalesce(sum(minor_units), 0)::integer from sandbox_authorisations
        where authorisation_key like ${keys} and state = 'authorised') as held,
      (select coalesce(sum(minor_units), 0)::integer from sandbox_captures
        where capture_key like ${keys} and taken) as taken`;
}

function only<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error("a database has no row of this trip");
  return row;
}

function connect(connectionString: string): Kysely<unknown> {
  const pool = new Pool({ connectionString, max: 4, connectionTimeoutMillis: 10_000 });
  pool.on("error", () => {});
  return new Kysely({ dialect: new PostgresDialect({ pool }) });
}

import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Trip, TripSchema } from "@fanfare/contracts/trips/v1/trips";
import { type Kysely, type RawBuilder, sql, type Transaction } from "kysely";
import { openTrips } from "./migrations.ts";
import type { TripPatch, TripRow, TripStatusName, TripsDatabase } from "./tables.ts";
import type { Change } from "./transitions.ts";
import { tripOf } from "./trip-message.ts";

/** TripRequest is what StartTrip writes down. */
export interface TripRequest {
  readonly tripId: string;
  readonly riderId: string;
  readonly vehicleId: string;
  readonly paymentMethod: string;
  readonly requestHash: string;
  readonly requestedAt: Date;
  /** How long the trip is left alone before the sweeper starts its workflow. */
  readonly sweepAfterMs: number;
}

/** TripQuery asks for trips, the newest first. */
export interface TripQuery {
  /** Only this rider's. */
  readonly riderId?: string | undefined;
  readonly status?: TripStatusName | undefined;
  /** Only what comes after this trip in the list. */
  readonly after?: TripPosition | undefined;
  readonly limit: number;
}

/** TripPosition is a trip's place in the list. */
export interface TripPosition {
  readonly requestedAt: Date;
  readonly tripId: string;
}

/** SeenTrip is a trip and the version of it that somebody has seen. */
export interface SeenTrip {
  readonly tripId: string;
  readonly version: bigint;
}

/** Registry is the trips as recorded: one row each, and each of its changes. */
export interface Registry {
  /**
   * request writes a trip down as REQUESTED, or answers the one that is there already. It throws
   * already_exists when that one was requested by somebody else or with other contents.
   */
  request(request: TripRequest): Promise<TripRow>;
  find(tripId: string): Promise<TripRow | undefined>;
  list(query: TripQuery): Promise<TripRow[]>;
  /**
   * record applies a change and answers the trip, as it is when the change is past. It throws
   * not_found, and what the change throws.
   */
  record(tripId: string, change: Change): Promise<TripRow>;
  /** changesSince answers what became of the trips after the versions seen, in order for each trip. */
  changesSince(seen: readonly SeenTrip[]): Promise<Trip[]>;
  /**
   * claimUnstarted takes up to `limit` trips whose workflow is overdue. Nobody else gets them for
   * `leaseDurationMs`; after that they are overdue again unless they were taken up.
   */
  claimUnstarted(options: ClaimOptions): Promise<TripRow[]>;
  /**
   * claimOpen takes up to `limit` trips that a workflow took up and is not done with, to look whether
   * there still is one. Nobody else gets them for `leaseDurationMs`, nor does anybody before they are as old
   * as a trip is when its workflow is overdue.
   */
  claimOpen(options: ClaimOptions): Promise<TripRow[]>;
}

export interface ClaimOptions {
  readonly limit: number;
  readonly leaseDurationMs: number;
}

/** createRegistry keeps the registry in PostgreSQL. */
export function createRegistry(db: Kysely<TripsDatabase>): Registry {
  return {
    async request(request) {
      const trip = await db.transaction().execute((tx) => insertOrRead(tx, request));
      if (trip.request_hash !== request.requestHash) throw taken(request.tripId);
      return trip;
    },

    async find(tripId) {
      return await db
        .selectFrom("trips")
        .selectAll()
        .where("trip_id", "=", tripId)
        .executeTakeFirst();
    },

    async list({ riderId, status, after, limit }) {
      let query = db.selectFrom("trips").selectAll();
      if (riderId !== undefined) query = query.where("rider_id", "=", riderId);
      if (status !== undefined) query = query.where("status", "=", status);
      if (after !== undefined) {
        query = query.where(
          sql<boolean>`(requested_at, trip_id) < (${after.requestedAt}, ${after.tripId}::uuid)`,
        );
      }
      return await query
        .orderBy("requested_at", "desc")
        .orderBy("trip_id", "desc")
        .limit(limit)
        .execute();
    },

    async record(tripId, change) {
      return await db.transaction().execute(async (tx) => {
        const trip = await lock(tx, tripId);
        const patch = change(trip);
        if (patch === undefined) return trip;
        return await update(tx, tripId, { ...patch, version: BigInt(trip.version) + 1n });
      });
    },

    async changesSince(seen) {
      const tripIds = seen.map((trip) => trip.tripId);
      const versions = seen.map((trip) => trip.version.toString());
      const { rows } = await sql<{ trip: JsonValue }>`
        select change.trip
        from unnest(${tripIds}::uuid[], ${versions}::bigint[]) as seen (trip_id, version)
        join trip_changes change
          on change.trip_id = seen.trip_id and change.version > seen.version
        order by change.trip_id, change.version`.execute(db);
      return rows.map(({ trip }) => fromJson(TripSchema, trip, { ignoreUnknownFields: true }));
    },

    claimUnstarted: (options) => claim(db, sql<boolean>`status = 'REQUESTED'`, options),
    claimOpen: (options) => claim(db, openTrips, options),
  };
}

async function claim(
  db: Kysely<TripsDatabase>,
  which: RawBuilder<boolean>,
  { limit, leaseDurationMs }: ClaimOptions,
): Promise<TripRow[]> {
  return await db
    .updateTable("trips")
    .set({ sweep_at: fromNow(leaseDurationMs) })
    .where("trip_id", "in", (trips) =>
      trips
        .selectFrom("trips")
        .select("trip_id")
        .where(which)
        .where("sweep_at", "<=", fromNow(0))
        .orderBy("sweep_at")
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .execute();
}

async function insertOrRead(tx: Transaction<TripsDatabase>, request: TripRequest) {
  const inserted = await tx
    .insertInto("trips")
    .values({
      trip_id: request.tripId,
      rider_id: request.riderId,
      vehicle_id: request.vehicleId,
      payment_method: request.paymentMethod,
      request_hash: request.requestHash,
      status: "REQUESTED",
      version: 1,
      requested_at: request.requestedAt,
      sweep_at: fromNow(request.sweepAfterMs),
    })
    .onConflict((conflict) => conflict.column("trip_id").doNothing())
    .returningAll()
    .executeTakeFirst();
  if (inserted === undefined) return await lock(tx, request.tripId);
  await remember(tx, inserted);
  return inserted;
}

async function lock(tx: Transaction<TripsDatabase>, tripId: string): Promise<TripRow> {
  const trip = await tx
    .selectFrom("trips")
    .selectAll()
    .where("trip_id", "=", tripId)
    .forUpdate()
    .executeTakeFirst();
  if (trip === undefined) throw noSuchTrip(tripId);
  return trip;
}

async function update(tx: Transaction<TripsDatabase>, tripId: string, patch: TripPatch) {
  const changed = await tx
    .updateTable("trips")
    .set(patch)
    .where("trip_id", "=", tripId)
    .returningAll()
    .executeTakeFirstOrThrow();
  await remember(tx, changed);
  return changed;
}

async function remember(tx: Transaction<TripsDatabase>, row: TripRow): Promise<void> {
  await tx
    .insertInto("trip_changes")
    .values({
      trip_id: row.trip_id,
      version: BigInt(row.version),
      trip: JSON.stringify(toJson(TripSchema, tripOf(row))),
    })
    .execute();
}

/** fromNow is by the database's clock, which all processes share. */
function fromNow(ms: number) {
  return sql<Date>`now() + ${ms} * interval '1 millisecond'`;
}

/** noSuchTrip is also what a rider hears of another rider's trip. */
export function noSuchTrip(tripId: string): ConnectError {
  return new ConnectError(
    `there is no trip ${tripId}: check the id, or list your trips`,
    Code.NotFound,
  );
}

function taken(tripId: string): ConnectError {
  return new ConnectError(
    `the trip id ${tripId} is taken by another request: choose a new UUID for a new trip, and repeat a call with the same contents`,
    Code.AlreadyExists,
  );
}

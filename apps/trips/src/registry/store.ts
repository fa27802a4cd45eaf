import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { OperatorTripSchema } from "@fanfare/contracts/trips/v1/operator_trip";
import { type Kysely, type RawBuilder, sql, type UpdateObject } from "kysely";
import { appendEntry, findEntry } from "../operators/operator-log.ts";
import {
  addPendingDecision,
  claimPendingDecisions,
  removePendingDecision,
} from "../operators/pending-decisions.ts";
import { toTripState } from "../operators/trip-state.ts";
import { insertOrFind } from "./insert-trip.ts";
import { lockTrip, updateTrip } from "./lock-trip.ts";
import { openTrips, stoppingTrips } from "./migrations.ts";
import { createTripIdTakenError, createTripNotFoundError } from "./registry-errors.ts";
import type { TripRow, TripsDatabase } from "./tables.ts";
import { afterNow } from "./trip-changes.ts";
import type { ClaimOptions, TripRegistry } from "./trip-registry.ts";

/** Creates the registry over its PostgreSQL database. */
export function createTripRegistry(db: Kysely<TripsDatabase>): TripRegistry {
  return {
    async request(request) {
      const trip = await db.transaction().execute((tx) => insertOrFind(tx, request));
      if (trip.request_hash !== request.requestHash) throw createTripIdTakenError(request.tripId);
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

    async record(tripId, transition) {
      return await db.transaction().execute(async (tx) => {
        const { now, ...trip } = await lockTrip(tx, tripId);
        const patch = transition(trip, now);
        if (patch === undefined) return trip;
        return await updateTrip(tx, tripId, { ...patch, version: BigInt(trip.version) + 1n });
      });
    },

    async recordVehicleReleased(tripId) {
      const { numUpdatedRows } = await db
        .updateTable("trips")
        .set({ vehicle_released: true })
        .where("trip_id", "=", tripId)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw createTripNotFoundError(tripId);
    },

    async decide(tripId, transition, entry) {
      return await db.transaction().execute(async (tx) => {
        const { now, ...trip } = await lockTrip(tx, tripId);
        const patch = transition(trip, now);
        if (patch === undefined) return trip;
        if ((await findEntry(tx, entry)) !== undefined) return trip;
        const version = BigInt(trip.version) + 1n;
        const decided = await updateTrip(tx, tripId, { ...patch, version });
        const states = { before: toTripState(trip), after: toTripState(decided) };
        await appendEntry(tx, { ...entry, ...states });
        if (entry.action === "RETRY_TRIP" || entry.action === "RESOLVE_TRIP")
          await addPendingDecision(tx, entry.entryId);
        return decided;
      });
    },

    findDecision: (key) => findEntry(db, key),
    claimDecisions: (limit) => claimPendingDecisions(db, limit),
    closeDecision: (entryId) => removePendingDecision(db, entryId),

    async changesSince(versions) {
      const tripIds = versions.map(({ tripId }) => tripId);
      const seen = versions.map(({ version }) => version.toString());
      const { rows } = await sql<{ trip: JsonValue }>`
        select change.trip
        from unnest(${tripIds}::uuid[], ${seen}::bigint[]) as seen (trip_id, version)
        join trip_changes change
          on change.trip_id = seen.trip_id and change.version > seen.version
        order by change.trip_id, change.version`.execute(db);
      return rows.map(({ trip }) =>
        fromJson(OperatorTripSchema, trip, { ignoreUnknownFields: true }),
      );
    },

    claimUnstarted: (options) => claimTrips(db, sql<boolean>`status = 'REQUESTED'`, options),
    claimOpen: (options) => claimTrips(db, openTrips, options),
    claimStopping: (limit) =>
      claim(db, {
        limit,
        predicate: stoppingTrips,
        dueAt: "stop_deliver_at",
        patch: {
          stop_deliver_at: sql`now() + least(10, 2 ^ least(stop_deliveries, 4)) * interval '1 second'`,
          stop_deliveries: sql`stop_deliveries + 1`,
        },
      }),
  };
}

function claimTrips(
  db: Kysely<TripsDatabase>,
  predicate: RawBuilder<boolean>,
  { limit, leaseDurationMs }: ClaimOptions,
): Promise<TripRow[]> {
  const patch = { reconcile_at: afterNow(leaseDurationMs) };
  return claim(db, { limit, predicate, dueAt: "reconcile_at", patch });
}

interface Claim {
  readonly limit: number;
  readonly predicate: RawBuilder<boolean>;
  readonly dueAt: "reconcile_at" | "stop_deliver_at";
  readonly patch: UpdateObject<TripsDatabase, "trips">;
}

/** Claims the trips that are due, in one statement. Several processes divide them. */
async function claim(db: Kysely<TripsDatabase>, options: Claim): Promise<TripRow[]> {
  const { limit, predicate, dueAt, patch } = options;
  // Not `trip_id in (select …)`: a nested loop runs that select again and claims more than the limit.
  return await db
    .with(
      (cte) => cte("due").materialized(),
      (query) =>
        query
          .selectFrom("trips")
          .select("trip_id")
          .where(predicate)
          .where(dueAt, "<=", afterNow(0))
          .orderBy(dueAt)
          .limit(limit)
          .forUpdate()
          .skipLocked(),
    )
    .updateTable("trips")
    .from("due")
    .whereRef("trips.trip_id", "=", "due.trip_id")
    .set(patch)
    .returningAll("trips")
    .execute();
}

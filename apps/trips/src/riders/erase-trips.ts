import { randomUUID } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";
import { createRefundWorkflowId, createTripWorkflowId } from "@fanfare/trip-contract";
import type { Kysely, Transaction } from "kysely";
import type { TripPatch, TripsDatabase } from "../registry/tables.ts";
import { insertChange } from "../registry/trip-changes.ts";
import type { TripHistories } from "../temporal/trip-histories.ts";
import { isClosed } from "./close-rider.ts";

/** What an erasure works with. */
export interface EraseTripsDeps {
  readonly db: Kysely<TripsDatabase>;
  readonly histories: TripHistories;
}

/** How many trips one call erases. */
const batchSize = 50;

/**
 * Erases a batch of the trips of a rider who is closed: deletes the histories of each trip and its refunds from Temporal, and
 * then takes the rider and all texts out of the trip. Times and amounts stay. Returns whether no trip of the
 * rider is left. Throws failed_precondition for a rider who is not closed, and unavailable when Temporal does
 * not answer.
 */
export async function eraseTrips(
  { db, histories }: EraseTripsDeps,
  riderId: string,
): Promise<boolean> {
  if (!(await isClosed(db, riderId))) {
    throw new ConnectError(
      `the rider ${riderId} may start trips: close the rider first, with CloseRider`,
      Code.FailedPrecondition,
    );
  }
  const trips = await db
    .selectFrom("trips")
    .select("trip_id")
    .where("rider_id", "=", riderId)
    .limit(batchSize)
    .execute();
  const erased = await Promise.all(
    trips.map(async ({ trip_id: tripId }) => {
      const workflowIds = await listWorkflowIds(db, tripId);
      const deleted = await Promise.all(workflowIds.map((id) => histories.delete(id)));
      const gone = deleted.every(Boolean);
      if (gone) await db.transaction().execute((tx) => anonymise(tx, tripId));
      return gone;
    }),
  );
  return trips.length < batchSize && erased.every(Boolean);
}

/** Returns the ids of the workflows of a trip and its refunds. */
async function listWorkflowIds(db: Kysely<TripsDatabase>, tripId: string): Promise<string[]> {
  const refunds = await db
    .selectFrom("trip_refunds")
    .select("refund_id")
    .where("trip_id", "=", tripId)
    .execute();
  const ofRefunds = refunds.map(({ refund_id: id }) => createRefundWorkflowId(tripId, id));
  return [createTripWorkflowId(tripId), ...ofRefunds];
}

async function anonymise(tx: Transaction<TripsDatabase>, tripId: string): Promise<void> {
  const trip = await tx
    .selectFrom("trips")
    .select("version")
    .where("trip_id", "=", tripId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const version = BigInt(trip.version) + 1n;
  const updated = await tx
    .updateTable("trips")
    .set({ ...createAnonymousPatch(), version })
    .where("trip_id", "=", tripId)
    .returningAll()
    .executeTakeFirstOrThrow();
  await tx.deleteFrom("trip_changes").where("trip_id", "=", tripId).execute();
  await insertChange(tx, updated);
}

/** A random id for each trip: nothing shows which trips had the same rider. */
function createAnonymousPatch(): TripPatch {
  return {
    rider_id: `erased-${randomUUID()}`,
    payment_method: "erased",
    request_hash: "erased",
    reason: null,
    compensation_reason: null,
    refusal_message: null,
    stop_reason: null,
    decision: null,
    broadcast_error: null,
  };
}

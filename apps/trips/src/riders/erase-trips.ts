import { randomUUID } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";
import { createRefundWorkflowId, createTripWorkflowId } from "@fanfare/trip-contract";
import type { Kysely, Transaction } from "kysely";
import { lockTrip } from "../registry/lock-trip.ts";
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
 * Erases a batch of the trips of a rider who is closed: deletes the histories of each trip and its refunds from
 * Temporal, and then takes the rider and all texts out of the trip. Times and amounts stay. Returns whether no trip
 * of the rider is left. Throws failed_precondition for a rider who is not closed, and unavailable when Temporal does
 * not answer, or a refund is not made yet: its workflow reads the rider.
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
    trips.map(({ trip_id }) => eraseTrip({ db, histories }, trip_id)),
  );
  return trips.length < batchSize && erased.every(Boolean);
}

/** Returns whether the trip is erased. */
async function eraseTrip({ db, histories }: EraseTripsDeps, tripId: string): Promise<boolean> {
  const refunds = await listRefunds(db, tripId);
  const pending = refunds.find(({ state }) => state === "REQUESTED" || state === "REFUNDED");
  if (pending !== undefined) {
    throw new ConnectError(
      `refund ${pending.refund_id} of trip ${tripId} is ${pending.state}: call again once it is made`,
      Code.Unavailable,
    );
  }
  const ofRefunds = refunds.map(({ refund_id: id }) => createRefundWorkflowId(tripId, id));
  const workflowIds = [createTripWorkflowId(tripId), ...ofRefunds];
  const deleted = await Promise.all(workflowIds.map((id) => histories.delete(id)));
  if (!deleted.every(Boolean)) return false;
  return await db.transaction().execute((tx) => anonymise(tx, tripId, refunds.length));
}

function listRefunds(db: Kysely<TripsDatabase>, tripId: string) {
  return db
    .selectFrom("trip_refunds")
    .select(["refund_id", "state"])
    .where("trip_id", "=", tripId)
    .execute();
}

/** Returns false, and changes nothing, when the trip has got another refund, whose history may have the rider. */
async function anonymise(
  tx: Transaction<TripsDatabase>,
  tripId: string,
  refunds: number,
): Promise<boolean> {
  const trip = await lockTrip(tx, tripId);
  if ((await listRefunds(tx, tripId)).length !== refunds) return false;
  const version = BigInt(trip.version) + 1n;
  const updated = await tx
    .updateTable("trips")
    .set({ ...createAnonymousPatch(), version })
    .where("trip_id", "=", tripId)
    .returningAll()
    .executeTakeFirstOrThrow();
  await tx.deleteFrom("trip_changes").where("trip_id", "=", tripId).execute();
  await insertChange(tx, updated);
  return true;
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

import { create, toJsonString } from "@bufbuild/protobuf";
import { CancelTripRequestSchema } from "@fanfare/contracts/trips/v1/trips";
import { type Kysely, sql } from "kysely";
import type { TripsDatabase } from "../registry/tables.ts";

/** Returns, as records of an export, the words with which the rider of each of the trips cancelled it. */
export async function listCancellations(db: Kysely<TripsDatabase>, tripIds: readonly string[]) {
  if (tripIds.length === 0) return [];
  const rows = await db
    .selectFrom("trips")
    // A trip that was cancelled before its workflow accepted it has no stop request.
    .select(["trip_id", sql<string>`coalesce(stop_reason, compensation_reason, '')`.as("reason")])
    .where("trip_id", "in", tripIds)
    .where("cancelled_by", "=", "RIDER")
    .orderBy("trip_id")
    .execute();
  return rows.map(({ trip_id: tripId, reason }) => ({
    kind: "cancellation",
    json: toJsonString(
      CancelTripRequestSchema,
      create(CancelTripRequestSchema, { tripId, reason }),
    ),
  }));
}

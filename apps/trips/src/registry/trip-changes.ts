import { toJson } from "@bufbuild/protobuf";
import { OperatorTripSchema } from "@fanfare/contracts/trips/v1/operator_trip";
import { type RawBuilder, sql, type Transaction } from "kysely";
import type { TripRow, TripsDatabase } from "./tables.ts";
import { toOperatorTrip } from "./trip-message.ts";

/** Stores a trip as it is after its change. */
export async function insertChange(tx: Transaction<TripsDatabase>, row: TripRow): Promise<void> {
  await tx
    .insertInto("trip_changes")
    .values({
      trip_id: row.trip_id,
      version: BigInt(row.version),
      trip: JSON.stringify(toJson(OperatorTripSchema, toOperatorTrip(row))),
    })
    .execute();
}

/** Returns the time after now by the clock of the database, which all processes share. */
export function afterNow(ms: number): RawBuilder<Date> {
  return sql<Date>`now() + ${ms} * interval '1 millisecond'`;
}

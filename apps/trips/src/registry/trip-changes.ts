import { toJson } from "@bufbuild/protobuf";
import { TripSchema } from "@fanfare/contracts/trips/v1/trips";
import { type RawBuilder, sql, type Transaction } from "kysely";
import type { TripRow, TripsDatabase } from "./tables.ts";
import { toTrip } from "./trip-message.ts";

/** Stores a trip as it is after its change. */
export async function insertChange(tx: Transaction<TripsDatabase>, row: TripRow): Promise<void> {
  await tx
    .insertInto("trip_changes")
    .values({
      trip_id: row.trip_id,
      version: BigInt(row.version),
      trip: JSON.stringify(toJson(TripSchema, toTrip(row))),
    })
    .execute();
}

/** Returns the time after now by the clock of the database, which all processes share. */
export function afterNow(ms: number): RawBuilder<Date> {
  return sql<Date>`now() + ${ms} * interval '1 millisecond'`;
}

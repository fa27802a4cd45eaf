import { tripIdPattern } from "@fanfare/trip-contract/retention";
import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * The id of the trip of an idempotency key. The index `idempotency_keys_of_trip` has the same expression: another
 * one needs a migration that replaces the index.
 */
export const keyTripId = sql<string>`substring(lower(key) from ${sql.lit(tripIdPattern)})`;

/** The migration that finds the idempotency keys of a trip. */
export const tripKeysMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create index idempotency_keys_of_trip on idempotency_keys ((${keyTripId}))`.execute(
      db,
    );
  },
};

import { type Kysely, sql } from "kysely";
import type { RevenueDatabase } from "./tables.ts";

/** The revenue of a completed trip, or of a refund. Amounts are in minor units of the currency. */
export interface NewRevenue {
  readonly tripId: string;
  readonly vehicleId: string;
  /** Negative for a refund. */
  readonly minorUnits: bigint;
  readonly currency: string;
  /** The day on which the trip ended or was refunded, UTC, such as 2026-11-21. */
  readonly day: string;
  /** How many trips it adds to the day. */
  readonly trips: bigint;
  readonly drivenSeconds: bigint;
}

/** Appends an entry, even when the trip has one already, and adds it to the vehicle's day. */
export async function addRevenue(db: Kysely<RevenueDatabase>, revenue: NewRevenue): Promise<void> {
  const amount = {
    vehicle_id: revenue.vehicleId,
    minor_units: revenue.minorUnits,
    currency: revenue.currency,
  };
  await db
    .insertInto("revenue")
    .values({ trip_id: revenue.tripId, ...amount })
    .execute();
  await db
    .insertInto("vehicle_days")
    .values({
      ...amount,
      day: revenue.day,
      trips: revenue.trips,
      driven_seconds: revenue.drivenSeconds,
    })
    .onConflict((conflict) =>
      conflict.columns(["vehicle_id", "day", "currency"]).doUpdateSet((eb) => ({
        trips: eb("vehicle_days.trips", "+", eb.ref("excluded.trips")),
        driven_seconds: eb("vehicle_days.driven_seconds", "+", eb.ref("excluded.driven_seconds")),
        minor_units: eb("vehicle_days.minor_units", "+", eb.ref("excluded.minor_units")),
      })),
    )
    .execute();
}

/** Returns the entries of a trip, oldest first, at most 100. */
export function listRevenue(db: Kysely<RevenueDatabase>, tripId: string) {
  return db
    .selectFrom("revenue")
    .where("trip_id", "=", tripId)
    .orderBy("id")
    .limit(100)
    .selectAll()
    .execute();
}

/** A position in the list of a vehicle's days. */
export interface DayPosition {
  readonly day: string;
  readonly currency: string;
}

/** Returns a vehicle's days after a position, newest first. */
export function listVehicleDays(
  db: Kysely<RevenueDatabase>,
  vehicleId: string,
  page: { readonly after: DayPosition | undefined; readonly limit: number },
) {
  let query = db
    .selectFrom("vehicle_days")
    .where("vehicle_id", "=", vehicleId)
    .orderBy("day", "desc")
    .orderBy("currency", "desc")
    .limit(page.limit)
    .select(["currency", "trips", "driven_seconds", "minor_units"])
    .select(sql<string>`to_char(day, 'YYYY-MM-DD')`.as("day"));
  if (page.after) {
    const { day, currency } = page.after;
    query = query.where(sql<boolean>`(day, currency) < (${day}::date, ${currency})`);
  }
  return query.execute();
}

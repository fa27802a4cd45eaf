import type { ColumnType, Generated } from "kysely";

/** RevenueDatabase is what revenue's database holds. */
export interface RevenueDatabase {
  revenue: RevenueTable;
  vehicle_days: VehicleDayTable;
}

/** Whole is a bigint column: the driver reads it as decimal digits. */
type Whole = ColumnType<string, bigint, bigint>;

/** RevenueTable has one row for each effect of a completed trip: one for a trip. */
interface RevenueTable {
  id: Generated<string>;
  trip_id: string;
  vehicle_id: string;
  minor_units: Whole;
  currency: string;
  recorded_at: Generated<Date>;
}

/** VehicleDayTable sums a vehicle's trips that ended on a day, UTC, by currency. */
interface VehicleDayTable {
  vehicle_id: string;
  /** A date, written as ISO 8601. The driver would read it as midnight of its own time zone. */
  day: ColumnType<never, string, never>;
  currency: string;
  trips: Whole;
  driven_seconds: Whole;
  minor_units: Whole;
}

import type { ColumnType, Generated } from "kysely";

/** The tables of the revenue database. */
export interface RevenueDatabase {
  revenue: RevenueTable;
  vehicle_days: VehicleDayTable;
}

/** A bigint column. The driver returns it as decimal digits. */
type Whole = ColumnType<string, bigint, bigint>;

/** One row for each effect of a completed trip or a refund. */
interface RevenueTable {
  id: Generated<string>;
  trip_id: string;
  vehicle_id: string;
  minor_units: Whole;
  currency: string;
  recorded_at: Generated<Date>;
}

/** The sums of a vehicle's trips that ended on one day, less the refunds of that day, in UTC, by currency. */
interface VehicleDayTable {
  vehicle_id: string;
  /** ISO 8601. Not selectable: the driver would return midnight in the local time zone. */
  day: ColumnType<never, string, never>;
  currency: string;
  trips: Whole;
  driven_seconds: Whole;
  minor_units: Whole;
}

import type { ColumnType, Generated, Selectable, Updateable } from "kysely";

/** TripsDatabase is what the registry's database holds. */
export interface TripsDatabase {
  trips: TripTable;
  trip_changes: TripChangeTable;
}

export const tripStatuses = [
  "REQUESTED",
  "PENDING",
  "ACTIVE",
  "ENDED",
  "SETTLED",
  "COMPENSATING",
  "CANCELLED",
  "NEEDS_ATTENTION",
] as const;

export type TripStatusName = (typeof tripStatuses)[number];

/** Whole is a bigint column: the driver reads it as decimal digits. */
type Whole = ColumnType<string, bigint | number, bigint | number>;
type CountedWhole = ColumnType<string, bigint | number | undefined, bigint | number>;
type OptionalWhole = ColumnType<string | null, bigint | number | null, bigint | number | null>;

/** TripTable has one row a trip. Its amounts are in minor units of `currency`. */
interface TripTable {
  trip_id: string;
  rider_id: string;
  vehicle_id: string;
  payment_method: string;
  /** Of what StartTrip was asked and by whom: another hash for the same id is another trip. */
  request_hash: string;
  status: TripStatusName;
  /** Counts the changes of the trip, from 1 when it is requested. */
  version: Whole;
  /** What the saga gave to the last of its records of a compensation, and of a delay. */
  compensation_version: CountedWhole;
  delay_version: CountedWhole;
  requested_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  fare: OptionalWhole;
  settled: OptionalWhole;
  currency: string | null;
  reason: string | null;
  refusal_code: string | null;
  refusal_message: string | null;
  delayed_step: string | null;
  /** What an operator decided last on what was parked. */
  decision: string | null;
  broadcast: "DELAYED" | "PUBLISHED" | null;
  broadcast_error: string | null;
  published_at: Date | null;
  /** While REQUESTED: when the sweeper is to start its workflow. */
  sweep_at: Date;
}

/** TripChangeTable keeps the trip as it was after each of its changes, as the JSON of a Trip. */
interface TripChangeTable {
  trip_id: string;
  version: Whole;
  trip: ColumnType<unknown, string, never>;
  recorded_at: Generated<Date>;
}

export type TripRow = Selectable<TripTable>;
export type TripPatch = Updateable<TripTable>;

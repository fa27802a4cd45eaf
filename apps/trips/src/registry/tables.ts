import type { JsonValue } from "@bufbuild/protobuf";
import type { Tariff } from "@fanfare/trip-contract";
import type { ColumnType, Generated, GeneratedAlways, Selectable, Updateable } from "kysely";

/** The tables of the registry's database. */
export interface TripsDatabase {
  trips: TripTable;
  trip_changes: TripChangeTable;
  operator_log: OperatorLogTable;
  pending_decisions: PendingDecisionTable;
  trip_refunds: RefundTable;
  tariffs: TariffTable;
  tariff_in_force: TariffInForceTable;
  closed_riders: ClosedRiderTable;
}

/** The statuses of a trip, as the registry stores them. */
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

/** The name of a status, such as ACTIVE. */
export type TripStatusName = (typeof tripStatuses)[number];

/** A bigint column, which the driver reads as decimal digits. */
type BigInteger = ColumnType<string, bigint | number, bigint | number>;
type DefaultedBigInteger = ColumnType<string, bigint | number | undefined, bigint | number>;
type NullableBigInteger = ColumnType<string | null, bigint | number | null, bigint | number | null>;

type EntryStateColumn = ColumnType<JsonValue | null, string | null, never>;

/** One row for each trip. Amounts are in minor units of `currency`. */
interface TripTable {
  trip_id: string;
  rider_id: string;
  vehicle_id: string;
  payment_method: string;
  /** A hash of the contents of StartTrip and its rider. */
  request_hash: string;
  status: TripStatusName;
  /** The number of changes of the trip. 1 when it is requested. */
  version: BigInteger;
  /** The versions of the saga's latest record of a compensation or a parked step, and of a delay. */
  compensation_version: DefaultedBigInteger;
  delay_version: DefaultedBigInteger;
  requested_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  fare: NullableBigInteger;
  settled: NullableBigInteger;
  /** What was refunded of `settled`. Null when nothing was. */
  refunded: NullableBigInteger;
  currency: string | null;
  reason: string | null;
  refusal_code: string | null;
  refusal_message: string | null;
  refusal_step: string | null;
  /** Why the compensation began. Null when it has not. */
  compensation_reason: string | null;
  /** The steps that operators have resolved. */
  resolved_steps: ColumnType<string[], string[] | undefined, string[]>;
  delayed_step: string | null;
  /** The latest decision of an operator on parked steps. */
  decision: string | null;
  /** The recorded request to end or cancel the trip. The first one wins. */
  stop_kind: "END" | "CANCEL" | null;
  stop_requested_at: Date | null;
  /** Why the trip is to be stopped, and the operator who stops it on behalf of its rider. */
  stop_reason: string | null;
  stop_operator: string | null;
  /** Who cancelled the trip. Null unless CancelTrip did. */
  cancelled_by: "RIDER" | "OPERATOR" | null;
  /** When the reconciler delivers the request next, and how often it has done so. */
  stop_deliver_at: Date | null;
  stop_deliveries: Generated<number>;
  /** Whether the trip keeps its rider from another one while it is REQUESTED, PENDING or ACTIVE. */
  occupies_rider: Generated<boolean>;
  /** When the registry decided that the cancellation grace is over. */
  grace_ended_at: Date | null;
  /** Whether the vehicle of an ended trip is released. */
  vehicle_released: Generated<boolean>;
  broadcast: "DELAYED" | "PUBLISHED" | null;
  broadcast_error: string | null;
  published_at: Date | null;
  /** When the reconciler checks next whether the trip has a workflow. */
  reconcile_at: Date;
  /** The tariff in force when the trip was requested. Null in rows of older versions: `launchTariff`. */
  tariff: ColumnType<Tariff | null, string | undefined, never>;
}

/** One row for each tariff. Prices are in minor units of `currency`. The database refuses to change one. */
export interface TariffTable {
  position: GeneratedAlways<string>;
  id: string;
  currency: string;
  unlock_fee: BigInteger;
  increment_price: BigInteger;
  increment_ms: BigInteger;
  maximum_drive_ms: BigInteger;
  grace_ms: BigInteger;
}

/** One row with the tariff in force. */
interface TariffInForceTable {
  tariff_id: string;
}

/** The trip after each of its changes, as the JSON of the message OperatorTrip. */
interface TripChangeTable {
  trip_id: string;
  version: BigInteger;
  trip: ColumnType<unknown, string, never>;
  recorded_at: Generated<Date>;
}

/** One row for each decision of an operator. The database refuses to change or remove one. */
interface OperatorLogTable {
  position: GeneratedAlways<string>;
  /** Identifies repeated calls. */
  entry_id: string;
  operator: string;
  decided_at: GeneratedAlways<Date>;
  action: OperatorAction;
  /** The id of a trip, a tariff or a rider, or the name of a consumer group. */
  subject: string;
  /** The steps of a trip, the amount of a refund, the terms of a tariff, or the dead letters. */
  details: string;
  reason: string;
  /** The JSON of the message State. Null in rows of older versions. */
  before: EntryStateColumn;
  after: EntryStateColumn;
}

/** One row for each logged decision on parked steps that its workflow has not got yet. */
interface PendingDecisionTable {
  entry_id: string;
  /** When the reconciler delivers the decision next, and how often it has tried. */
  deliver_at: Date;
  deliveries: Generated<number>;
}

/** One row for each refund of a settled trip, with the id of its entry in the operator log. */
interface RefundTable {
  refund_id: string;
  trip_id: string;
  minor_units: BigInteger;
  currency: string;
  state: "REQUESTED" | "REFUNDED" | "PUBLISHED" | "REFUSED";
  /** Why it was refused. */
  refusal: string | null;
  requested_at: GeneratedAlways<Date>;
  refunded_at: Date | null;
  /** The sum of the refund and those that were made before it. */
  total_refunded: NullableBigInteger;
  /** When the reconciler starts its workflow next, and how often it has done so. */
  deliver_at: Date;
  deliveries: Generated<number>;
}

/** A refund of a settled trip. */
export type RefundRow = Selectable<RefundTable>;

/** One row for each rider who is erased, or is being erased. */
interface ClosedRiderTable {
  rider_id: string;
  closed_at: Generated<Date>;
}

/** What operators decide, as the values of the proto enum Action. */
export const operatorActions = [
  "RETRY_TRIP",
  "RESOLVE_TRIP",
  "CANCEL_TRIP",
  "REPLAY_DEAD_LETTERS",
  "DISCARD_DEAD_LETTERS",
  "SET_TARIFF",
  "END_TRIP",
  "REFUND_TRIP",
  "ERASE_RIDER",
] as const;

/** What an operator decided, such as RETRY_TRIP. */
export type OperatorAction = (typeof operatorActions)[number];

/** A row of the operator log. */
export type OperatorLogRow = Selectable<OperatorLogTable>;
/** A row of the table of trips. */
export type TripRow = Selectable<TripTable>;
/** Columns of a trip to update. */
export type TripPatch = Updateable<TripTable>;

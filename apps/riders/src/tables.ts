import type { ColumnType, Generated, Selectable } from "kysely";
import type { ErasureAppTable, ErasureTable } from "./erasure/erasure-tables.ts";

/** One row for each rider of whom anything was written. The defaults are those of a rider without one. */
interface RiderTable {
  /** The subject of the rider's token. */
  rider_id: string;
  display_name: Generated<string>;
  email: Generated<string>;
  locale: Generated<string>;
  time_zone: Generated<string>;
  /** When the rider was erased. Nothing else is stored of them then, and nothing is written any more. */
  erased_at: ColumnType<Date | null, never, Date>;
}

/** The name of a consent. */
export type ConsentName = "marketing" | "analytics";

/** One row for each consent that a rider has given and not withdrawn. */
interface ConsentTable {
  rider_id: string;
  consent: ConsentName;
  given_at: Generated<Date>;
}

/** One row for each payment method. It belongs to one rider, and is deleted when that removes it. */
interface PaymentMethodTable {
  payment_method_id: Generated<string>;
  rider_id: string;
  /** What the payment gateway calls the method. Billing alone reads it. */
  gateway_token: string;
  label: string;
  added_at: Generated<Date>;
}

/** The tables of the database of riders. */
export interface RidersTables {
  riders: RiderTable;
  rider_consents: ConsentTable;
  payment_methods: PaymentMethodTable;
  erasures: ErasureTable;
  erasure_apps: ErasureAppTable;
}

/** A row of the table of riders. */
export type RiderRow = Selectable<RiderTable>;

/** A consent that a rider has given. */
type ConsentRow = Omit<Selectable<ConsentTable>, "rider_id">;

/** A rider and the consents that they have given, in the order of their names. */
export interface ProfileRecord {
  readonly rider: Omit<RiderRow, "erased_at">;
  readonly consents: readonly ConsentRow[];
}

/** A row of the table of payment methods. */
export type PaymentMethodRow = Selectable<PaymentMethodTable>;

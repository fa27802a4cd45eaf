import type { ColumnType, Generated } from "kysely";

/** Int8 is a bigint column: written as a bigint, read as the decimal string that the driver gives. */
type Int8 = ColumnType<string, bigint, bigint>;

/**
 * TabState is where a tab is between two calls of the gateway. `opening`, `capturing` and `voiding`
 * are written before the gateway is called and left when its answer is recorded, so that a crash
 * in between is known and repeated under the same key. `declined` holds nothing.
 */
export type TabState =
  | "opening"
  | "declined"
  | "open"
  | "capturing"
  | "captured"
  | "voiding"
  | "void";

/** TabTable has one row for each trip that ever asked for a tab. */
export interface TabTable {
  trip_id: string;
  rider_id: string;
  payment_method: string;
  currency: string;
  limit_minor_units: Int8;
  state: TabState;
  /** The idempotency-key of OpenTab. */
  opened_under: string;
  /** Counts what was asked of the gateway; part of its keys, as a refusal is final for its key. */
  authorise_attempt: number;
  authorisation_id: string | null;
  capture_attempt: Generated<number>;
  /** What is being captured, or was. */
  captured_minor_units: ColumnType<string | null, never, bigint | null>;
}

interface TabEntryTable {
  entry_id: Generated<string>;
  trip_id: string;
  kind: "charge" | "refund";
  /** The idempotency-key of the charge, also on its refund. */
  charge_key: string;
  description: string;
  /** Negative for a refund. */
  minor_units: Int8;
}

interface SandboxAuthorisationTable {
  authorisation_key: string;
  payment_method: string;
  minor_units: Int8;
  currency: string;
  state: "authorised" | "refused" | "captured" | "void";
}

interface SandboxCaptureTable {
  capture_key: string;
  authorisation_key: string;
  minor_units: Int8;
  taken: boolean;
}

/** SandboxTables belong to the sandbox gateway alone. */
export interface SandboxTables {
  sandbox_authorisations: SandboxAuthorisationTable;
  sandbox_captures: SandboxCaptureTable;
}

/** BillingTables are the tables of billing's database. */
export interface BillingTables extends SandboxTables {
  tabs: TabTable;
  tab_entries: TabEntryTable;
}

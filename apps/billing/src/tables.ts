import type { ColumnType, Generated, GeneratedAlways, Selectable } from "kysely";
import type { Account, TransactionKind } from "./ledger/accounts.ts";

/** A bigint column. The driver reads it as decimal digits. */
type Int8 = ColumnType<string, bigint, bigint>;

/**
 * The state of a tab between two calls of the gateway. `opening`, `capturing` and `voiding` are stored
 * before the gateway is called, and replaced when its answer is stored. A tab that a crash left in one
 * of them repeats the call under the same key. `declined` holds nothing.
 */
export type TabState =
  | "opening"
  | "declined"
  | "open"
  | "capturing"
  | "captured"
  | "voiding"
  | "void";

/** One row for each trip for which OpenTab was called. */
export interface TabTable {
  trip_id: string;
  rider_id: string;
  /** The id that riders gave the payment method. */
  payment_method: string;
  /**
   * What the gateway calls it. Null until riders has confirmed that it is the rider's: nothing is authorised. Null
   * again once the gateway has answered.
   */
  gateway_token: string | null;
  currency: string;
  limit_minor_units: Int8;
  state: TabState;
  /** The idempotency key of OpenTab. */
  opened_under: string;
  /** The number of attempts, and part of their keys: a rejection by the gateway is final for its key. */
  authorise_attempt: number;
  authorisation_id: string | null;
  capture_attempt: Generated<number>;
  /** The amount that is being captured, or is captured. */
  captured_minor_units: ColumnType<string | null, never, bigint | null>;
}

/** A row of the table of tabs. */
export type TabRow = Selectable<TabTable>;

interface TabEntryTable {
  entry_id: Generated<string>;
  trip_id: string;
  kind: "charge" | "refund";
  /** The idempotency key of the charge, on its refund too. */
  charge_key: string;
  description: string;
  /** Negative for a refund. */
  minor_units: Int8;
  /** The transaction of the journal that was posted with the entry. */
  transaction_id: string;
}

/** One row for each transaction. The database refuses to change or remove one. */
export interface JournalTable {
  transaction_id: GeneratedAlways<string>;
  trip_id: string;
  kind: TransactionKind;
  /** Unique among the transactions of its kind. */
  key: string;
  currency: string;
  posted_at: GeneratedAlways<Date>;
}

/** The postings of a transaction sum to zero: the database refuses to commit others. */
interface PostingTable {
  transaction_id: string;
  account: Account;
  /** A debit; negative for a credit. */
  minor_units: Int8;
}

/** One row for each refund of a captured tab. */
interface CaptureRefundTable {
  /** The idempotency key of RefundCapture. */
  refund_key: string;
  trip_id: string;
  minor_units: Int8;
  /** `refunding` is stored before the gateway is called, and replaced when its answer is stored. */
  state: "refunding" | "refunded" | "declined";
}

/** A refund of a captured tab. */
export type CaptureRefundRow = Selectable<CaptureRefundTable>;

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

interface SandboxRefundTable {
  refund_key: string;
  capture_key: string;
  minor_units: Int8;
  given: boolean;
}

/** The tables of the sandbox gateway. Only it uses them. */
export interface SandboxTables {
  sandbox_authorisations: SandboxAuthorisationTable;
  sandbox_captures: SandboxCaptureTable;
  sandbox_refunds: SandboxRefundTable;
}

/** The tables of billing's database. */
export interface BillingTables extends SandboxTables {
  tabs: TabTable;
  tab_entries: TabEntryTable;
  journal: JournalTable;
  postings: PostingTable;
  capture_refunds: CaptureRefundTable;
}

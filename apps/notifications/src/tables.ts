import type { Generated, Selectable } from "kysely";

/** The tables of the notifications database. */
export interface NotificationsDatabase {
  receipts: ReceiptTable;
  receipt_drafts: DraftTable;
}

/** One row for each receipt that is written. */
interface ReceiptTable {
  /** A bigint. The driver returns it as decimal digits. */
  id: Generated<string>;
  trip_id: string;
  rider_id: string;
  /** The refund that the receipt follows; null for the receipt of the trip. */
  refund_id: string | null;
  /**
   * The event that the receipt was written from, as JSON, without the id of the rider. Null where an older version
   * wrote the receipt.
   */
  event: string | null;
  subject: string;
  text: string;
  created_at: Generated<Date>;
  /** When it was sent; null until then. */
  sent_at: Date | null;
  /** The number of attempts to send it. */
  attempts: Generated<number>;
  /** When the next attempt is due, unless it was sent. */
  due_at: Generated<Date>;
  /** The error of the last attempt; null when it was sent or not tried yet. */
  last_error: string | null;
}

/**
 * One row for each receipt that is not written yet. It is deleted when the receipt is written, or the rider was
 * erased.
 */
interface DraftTable {
  /** A bigint. The driver returns it as decimal digits. */
  id: Generated<string>;
  trip_id: string;
  rider_id: string;
  /** The refund that the receipt follows; null for the receipt of the trip. */
  refund_id: string | null;
  /** The event that the receipt is written from, as JSON, without the id of the rider. */
  event: string;
  created_at: Generated<Date>;
  /** The number of attempts to write it. */
  attempts: Generated<number>;
  /** When the next attempt is due. */
  due_at: Generated<Date>;
  /** The error of the last attempt; null when there was none. */
  last_error: string | null;
}

/** A stored receipt. */
export type ReceiptRow = Selectable<ReceiptTable>;

/** A receipt that is not written yet. */
export type DraftRow = Selectable<DraftTable>;

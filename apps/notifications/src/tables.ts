import type { Generated, Selectable } from "kysely";

/** The tables of the notifications database. */
export interface NotificationsDatabase {
  receipts: ReceiptTable;
}

/** One row for each effect of a completed trip. */
interface ReceiptTable {
  /** A bigint. The driver returns it as decimal digits. */
  id: Generated<string>;
  trip_id: string;
  rider_id: string;
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

/** A stored receipt. */
export type ReceiptRow = Selectable<ReceiptTable>;

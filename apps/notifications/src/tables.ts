import type { Generated, Selectable } from "kysely";

/** NotificationsDatabase is what notifications' database holds. */
export interface NotificationsDatabase {
  receipts: ReceiptTable;
}

/** ReceiptTable has one row for each effect of a completed trip: one for a trip. */
interface ReceiptTable {
  /** A bigint: the driver reads it as decimal digits. */
  id: Generated<string>;
  trip_id: string;
  rider_id: string;
  subject: string;
  text: string;
  created_at: Generated<Date>;
  /** When the sender took it; null until then. */
  sent_at: Date | null;
  /** How often the sender was asked. */
  attempts: Generated<number>;
  /** While it is not sent: when the sender is asked next. */
  due_at: Generated<Date>;
  /** Why the sender refused it last. */
  last_error: string | null;
}

export type ReceiptRow = Selectable<ReceiptTable>;

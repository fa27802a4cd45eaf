import type { Generated } from "kysely";

/** AuditDatabase is what audit's database holds. */
export interface AuditDatabase {
  log_end: LogEndTable;
  events: EventTable;
}

/** Position is a bigint column: the driver reads it as decimal digits. */
type Position = string;

/** LogEndTable has one row: the position of the last event. */
interface LogEndTable {
  position: Position;
}

/** EventTable has one row for each event, and its positions have no gaps. */
interface EventTable {
  position: Position;
  event_id: string;
  topic: string;
  key: string | null;
  /** The full name of the message. */
  type: string;
  source: string;
  event_time: Date;
  recorded_at: Generated<Date>;
  /** The message in protobuf's JSON. */
  json: string;
}

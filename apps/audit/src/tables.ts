import type { Generated } from "kysely";

/** The tables of the audit database. */
export interface AuditDatabase {
  log_end: LogEndTable;
  events: EventTable;
}

/** A bigint column. The driver returns it as decimal digits. */
type Position = string;

/** A single row: the position of the last event. */
interface LogEndTable {
  position: Position;
}

/** One row for each event. Positions have no gaps. */
interface EventTable {
  position: Position;
  event_id: string;
  topic: string;
  key: string | null;
  /** The full name of the message type. */
  type: string;
  source: string;
  event_time: Date;
  recorded_at: Generated<Date>;
  /** The message as protobuf JSON. */
  json: string;
}

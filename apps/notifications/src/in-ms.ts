import { sql } from "kysely";

/** Returns the time in `delayMs`, by the clock of the database. */
export function inMs(delayMs: number) {
  return sql<Date>`now() + ${delayMs} * interval '1 millisecond'`;
}

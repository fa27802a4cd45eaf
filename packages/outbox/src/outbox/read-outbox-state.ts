import { type Kysely, sql } from "kysely";
import { checkColumns } from "../check-columns.ts";
import { explainMissingTable } from "../missing-table.ts";

/** The state of an outbox. */
export interface OutboxState {
  /** The number of events that are not published yet. */
  readonly waiting: number;
  /** The age of the oldest of them, by the database's clock, in milliseconds; 0 without any. */
  readonly oldestMs: number;
  /** The number of rejected events. */
  readonly rejected: number;
}

/**
 * Returns the state of the outbox. Throws a BusError `not_provisioned` without its table.
 *
 * @example
 * const { waiting, oldestMs } = await readOutboxState(db);
 * if (oldestMs > 60_000) console.warn(`${waiting} events wait, the oldest for ${oldestMs} ms`);
 */
export async function readOutboxState<DB>(db: Kysely<DB>): Promise<OutboxState> {
  const reading = sql<Record<keyof OutboxState, string>>`
    select (count(*) filter (where rejected_at is null))::text as "waiting",
      coalesce(extract(epoch from now() - min(written_at) filter (where rejected_at is null))
        * 1000, 0)::text as "oldestMs",
      (count(*) filter (where rejected_at is not null))::text as "rejected"
    from outbox`.execute(db.withoutPlugins());
  const { rows } = await explainMissingTable("outbox", reading);
  checkColumns(rows, ["waiting", "oldestMs", "rejected"]);
  // Text, because no driver has a parser for it.
  const { waiting = 0, oldestMs = 0, rejected = 0 } = rows[0] ?? {};
  return { waiting: Number(waiting), oldestMs: Number(oldestMs), rejected: Number(rejected) };
}

import { type Kysely, sql } from "kysely";
import { checkColumns } from "../check-columns.ts";
import { explainMissingTable } from "../missing-table.ts";

/** An event of the outbox that the broker can never accept. */
export interface RejectedEvent {
  readonly topic: string;
  readonly id: string;
  readonly key: string | null;
  readonly rejectedAt: Date;
  /** The code of a BusError. */
  readonly code: string;
  readonly reason: string;
}

/**
 * Returns the rejected events, the latest first, at most `limit` (default: 100). Throws a BusError
 * `not_provisioned` without the table of `outboxMigration`.
 *
 * @example
 * for (const { topic, id, reason } of await listRejectedEvents(db)) {
 *   console.log(`${topic} ${id}: ${reason}`);
 * }
 */
export async function listRejectedEvents<DB>(
  db: Kysely<DB>,
  { limit = 100 }: { readonly limit?: number } = {},
): Promise<RejectedEvent[]> {
  const reading = sql<Omit<RejectedEvent, "rejectedAt"> & { readonly rejectedAt: string }>`
    select topic, event_id as id, event_key as key,
      (extract(epoch from rejected_at) * 1000)::text as "rejectedAt",
      rejected_code as code, rejected_reason as reason
    from outbox where rejected_at is not null
    order by rejected_at desc, sequence desc limit ${limit}`.execute(db.withoutPlugins());
  const { rows } = await explainMissingTable("outbox", reading);
  checkColumns(rows, ["topic", "id", "key", "rejectedAt", "code", "reason"]);
  return rows.map((row) => ({ ...row, rejectedAt: new Date(Number(row.rejectedAt)) }));
}

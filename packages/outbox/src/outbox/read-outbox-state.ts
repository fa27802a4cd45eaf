import { type Kysely, sql } from "kysely";
import { needing } from "../missing-table.ts";

/** OutboxState says how an outbox is. */
export interface OutboxState {
  /** Events that are not published yet. */
  readonly waiting: number;
  /** How long the oldest of them waits, by the database's clock, in milliseconds; 0 when none does. */
  readonly oldestMs: number;
  /** Events that can never be published. */
  readonly rejected: number;
}

/** readOutboxState counts what is in the outbox. BusError `not_provisioned` without its table. */
export async function readOutboxState<DB>(db: Kysely<DB>): Promise<OutboxState> {
  const reading = sql<Record<keyof OutboxState, string>>`
    select (count(*) filter (where rejected_at is null))::text as "waiting",
      coalesce(extract(epoch from now() - min(written_at) filter (where rejected_at is null))
        * 1000, 0)::text as "oldestMs",
      (count(*) filter (where rejected_at is not null))::text as "rejected"
    from outbox`.execute(db.withoutPlugins());
  const { rows } = await needing("outbox", reading);
  // As text, for which nobody has a parser of their own.
  const { waiting = 0, oldestMs = 0, rejected = 0 } = rows[0] ?? {};
  return { waiting: Number(waiting), oldestMs: Number(oldestMs), rejected: Number(rejected) };
}

/** RejectedEvent is an event that can never be published as it is. */
export interface RejectedEvent {
  readonly topic: string;
  readonly id: string;
  readonly key: string | null;
  readonly rejectedAt: Date;
  /** A code of BusError. */
  readonly code: string;
  readonly reason: string;
}

/** listRejectedEvents lists what was rejected, the latest first, at most `limit`. */
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
  const { rows } = await needing("outbox", reading);
  return rows.map((row) => ({ ...row, rejectedAt: new Date(Number(row.rejectedAt)) }));
}

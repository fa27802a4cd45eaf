import type { BusError } from "@fanfare/bus";
import { sql, type Transaction } from "kysely";
import { partitionCount } from "../outbox/partitions.ts";
import { formatArray, type ScanPlan, selectHeads, type TopicPartition } from "./scan-outbox.ts";

/** An event of the outbox. Its fields are text, which every driver and its settings return. */
export interface StoredEvent extends TopicPartition {
  /** The position in the outbox, a bigint in decimal digits. */
  readonly sequence: string;
  readonly id: string;
  readonly key: string | null;
  readonly type: string;
  /** In base64. */
  readonly data: string;
  /** Attributes and headers, a JSON object of strings (`decodeStoredHeaders`); null without any. */
  readonly headers: string | null;
  /** Milliseconds since the Unix epoch, in decimal digits. */
  readonly time: string;
}

/** An event that can never be published, and the reason. */
export interface Rejection extends Pick<StoredEvent, "sequence" | "topic" | "id"> {
  readonly error: BusError;
}

/** The partitions of one batch, which leaves some for other relays. */
const partitionsPerBatch = partitionCount / 4;

/** The upper half of the second key of the advisory locks; the table is the first key. "FR" in ASCII. */
const relayLock = 0x46520000;

/**
 * Locks free partitions of these until the transaction ends, and returns those that it has. PostgreSQL
 * ends the transaction when it receives no statement for `leaseDurationMs`. Relays of other tables do
 * not compete for the locks.
 */
export async function lockPartitions<DB>(
  tx: Transaction<DB>,
  {
    waiting,
    leaseDurationMs,
  }: { readonly waiting: readonly TopicPartition[]; readonly leaseDurationMs: number },
): Promise<TopicPartition[]> {
  const numbers = new Set(waiting.map(({ partition }) => partition));
  const { rows } = await sql<{ partition: string }>`
    with shuffled as materialized (
      select partition from unnest((${formatArray([...numbers])}::text)::int[]) as partition
      order by random()
    ), locked as materialized (
      select partition from shuffled
      where pg_try_advisory_xact_lock('outbox'::regclass::oid::int4,
        ${sql.lit(relayLock)} + partition)
      limit ${sql.lit(partitionsPerBatch)}
    )
    select partition::text as partition, set_config('idle_in_transaction_session_timeout',
      ${String(Math.ceil(leaseDurationMs))}::text, true) as timeout
    from locked`.execute(tx);
  const locked = new Set(rows.map(({ partition }) => Number(partition)));
  return waiting.filter(({ partition }) => locked.has(partition));
}

/** The most bytes of the events of a batch, apart from its first event. Its text is longer by a third. */
const maxBatchBytes = 16 * 1024 * 1024;

/** The first events of some partitions. */
export interface ClaimResult {
  /** In the order of their positions. */
  readonly events: readonly StoredEvent[];
  /** The number of events that PostgreSQL did not remove, without an error. */
  readonly kept: number;
  /** Whether more of the first events exist, whose bytes exceed those of a batch. */
  readonly cut: boolean;
}

/** An event with the numbers of events that were found and fit, or these alone. */
interface ClaimedRow extends Omit<StoredEvent, "sequence" | "partition"> {
  readonly found: string;
  readonly fitting: string;
  readonly sequence: string | null;
  readonly partition: string;
}

/**
 * Returns the first `limit` events of each partition that this transaction is able to remove, of these the
 * first with up to 16 MiB. It removes them and takes that back, so that other transactions see and store the same events meanwhile. Fails
 * where a removal does: without the privilege, in a read-only session, on a standby.
 */
export async function claimEvents<DB>(
  tx: Transaction<DB>,
  { plan, limit }: { readonly plan: ScanPlan; readonly limit: number },
): Promise<ClaimResult> {
  await sql`savepoint before_claim`.execute(tx);
  // The array keeps the plan of the removal independent of statistics.
  const { rows } = await sql<ClaimedRow>`
    with ${selectHeads(plan, limit)}, measured as materialized (
      select sequence,
        sum(octet_length(data)) over (order by sequence) - octet_length(data) as bytes_before
      from outbox where sequence = any(array(select sequence from head))
    ), fitting as materialized (
      select sequence from measured where bytes_before < ${sql.lit(maxBatchBytes)}
    ), removed as (
      delete from outbox where sequence = any(array(select sequence from fitting))
      returning sequence, topic, partition, event_id, event_key, type, data, headers, event_time
    )
    select found::text as found, fitting::text as fitting, removed.sequence::text as sequence, topic,
      partition::text as partition, event_id as id, event_key as key, type,
      encode(data, 'base64') as data, nullif(headers::text, '{}') as headers,
      (extract(epoch from event_time) * 1000)::text as time
    from (select count(*) as found from head) as heads
      cross join (select count(*) as fitting from fitting) as fits left join removed on true
    order by removed.sequence`.execute(tx);
  await sql`rollback to savepoint before_claim`.execute(tx);
  const events = rows.flatMap((row) => {
    const { sequence, partition } = row;
    return sequence === null ? [] : [{ ...row, sequence, partition: Number(partition) }];
  });
  const found = Number(rows[0]?.found ?? 0);
  const fitting = Number(rows[0]?.fitting ?? 0);
  return { events, kept: fitting - events.length, cut: fitting < found };
}

/** Removes published events. */
export async function removeEvents<DB>(
  tx: Transaction<DB>,
  sequences: readonly string[],
): Promise<void> {
  if (sequences.length === 0) return;
  const numbers = formatArray(sequences);
  await sql`delete from outbox where sequence = any((${numbers}::text)::bigint[])`.execute(tx);
}

/** Marks events as rejected. */
export async function markRejected<DB>(
  tx: Transaction<DB>,
  rejected: readonly Rejection[],
): Promise<void> {
  for (const { sequence, error } of rejected) {
    await sql`
      update outbox
      set rejected_at = now(), rejected_code = ${error.code}::text,
        rejected_reason = ${error.message.replaceAll("\0", "")}::text
      where sequence = (${sequence}::text)::bigint`.execute(tx);
  }
}

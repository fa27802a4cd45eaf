import type { BusError } from "@fanfare/bus";
import { type Kysely, sql, type Transaction } from "kysely";
import { partitionCount, relayLock } from "../outbox/partitions.ts";

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** An event of the outbox. Its fields are text and bytes, which every driver configuration returns. */
export interface StoredEvent {
  /** The position in the outbox, a bigint in decimal digits. */
  readonly sequence: string;
  readonly topic: string;
  readonly id: string;
  readonly key: string | null;
  readonly type: string;
  readonly data: Uint8Array;
  /** A JSON object of strings; null without headers. */
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

/**
 * Locks free partitions that have events of these topics until the transaction ends, and returns them
 * with their topics. PostgreSQL ends the transaction when it receives no statement for
 * `leaseDurationMs`.
 */
export async function lockPartitions<DB>(
  tx: Transaction<DB>,
  {
    topics,
    leaseDurationMs,
  }: { readonly topics: readonly string[]; readonly leaseDurationMs: number },
): Promise<TopicPartition[]> {
  // `order by` with `limit` reads one index entry per partition, however many events wait. `exists`
  // scans the whole table.
  const { rows } = await sql<TopicPartition>`
    with waiting as materialized (
      select known.topic, every.partition
      from unnest(${topics}::text[]) as known (topic)
        cross join generate_series(0, ${sql.lit(partitionCount - 1)}) as every (partition)
        cross join lateral (
          select from outbox
          where topic = known.topic and partition = every.partition and rejected_at is null
          order by sequence
          limit 1
        ) as first_event
    ), shuffled as materialized (
      select partition from waiting group by partition order by random()
    ), locked as materialized (
      select partition from shuffled
      where pg_try_advisory_xact_lock(${sql.lit(relayLock)}, partition)
      limit ${sql.lit(partitionsPerBatch)}
    )
    select topic, partition,
      set_config('idle_in_transaction_session_timeout', ${String(Math.ceil(leaseDurationMs))}, true)
    from waiting join locked using (partition)`.execute(tx);
  return rows;
}

/** Returns the first `limit` events of each partition. */
export async function readEvents<DB>(
  tx: Transaction<DB>,
  { partitions, limit }: { readonly partitions: readonly TopicPartition[]; readonly limit: number },
): Promise<StoredEvent[]> {
  const topics = partitions.map(({ topic }) => topic);
  const numbers = partitions.map(({ partition }) => partition);
  const { rows } = await sql<StoredEvent>`
    select event.*
    from unnest(${topics}::text[], ${numbers}::int[]) as locked (topic, partition)
      cross join lateral (
        select sequence::text, topic, event_id as id, event_key as key, type, data,
          nullif(headers::text, '{}') as headers,
          (extract(epoch from event_time) * 1000)::text as time
        from outbox
        where topic = locked.topic and partition = locked.partition and rejected_at is null
        order by outbox.sequence
        limit ${limit}
      ) as event`.execute(tx);
  return rows;
}

/** Removes published events, and marks rejected ones. */
export async function settleEvents<DB>(
  tx: Transaction<DB>,
  {
    published,
    rejected,
  }: { readonly published: readonly string[]; readonly rejected: readonly Rejection[] },
): Promise<void> {
  if (published.length > 0) {
    await sql`delete from outbox where sequence = any(${published}::bigint[])`.execute(tx);
  }
  for (const { sequence, error } of rejected) {
    await sql`
      update outbox
      set rejected_at = now(), rejected_code = ${error.code}, rejected_reason = ${error.message}
      where sequence = ${sequence}::bigint`.execute(tx);
  }
}

/**
 * Rejects events of unknown topics that have waited for the grace period, and returns their number.
 * The grace period lets a newer version of the process start that knows the topic.
 */
export async function rejectUnknownTopics<DB>(
  db: Kysely<DB>,
  { topics, graceMs }: { readonly topics: readonly string[]; readonly graceMs: number },
): Promise<number> {
  // Under a stricter isolation level, two relays that reject at the same time would conflict.
  const transaction = db.transaction().setIsolationLevel("read committed");
  const statement = sql`
    update outbox
    set rejected_at = now(), rejected_code = 'unknown_topic',
      rejected_reason = 'no relay knows the topic: add its service to the services of the relay'
    where rejected_at is null and topic <> all(${topics}::text[])
      and extract(epoch from now() - written_at) * 1000 >= ${graceMs}::float8`;
  const { numAffectedRows = 0n } = await transaction.execute((tx) => statement.execute(tx));
  return Number(numAffectedRows);
}

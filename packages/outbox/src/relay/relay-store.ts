import type { BusError } from "@fanfare/bus";
import { type Kysely, sql, type Transaction } from "kysely";
import { partitionCount, relayLock } from "../outbox/partitions.ts";

/** Place is a partition of a topic. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** EventRow is an event in the outbox, in types that every configuration of the driver gives: text, and bytes. */
export interface EventRow {
  /** A bigint, as decimal digits. */
  readonly sequence: string;
  readonly topic: string;
  readonly id: string;
  readonly key: string | null;
  readonly type: string;
  readonly data: Uint8Array;
  /** A JSON object of strings; null for none. */
  readonly headers: string | null;
  /** Milliseconds since the Unix epoch, in decimal digits. */
  readonly time: string;
}

/** Rejection is an event that can never be published, with the reason. */
export interface Rejection extends Pick<EventRow, "sequence" | "topic" | "id"> {
  readonly error: BusError;
}

/** How many partitions one batch takes, so that other relays find some too. */
const partitionsPerBatch = partitionCount / 4;

/**
 * lockPartitions locks some of the partitions that have events of these topics and that nobody holds, until
 * the end of the transaction, and returns where the events are. The server ends the transaction
 * when it hears nothing for `leaseDurationMs`.
 */
export async function lockPartitions<DB>(
  tx: Transaction<DB>,
  {
    topics,
    leaseDurationMs,
  }: { readonly topics: readonly string[]; readonly leaseDurationMs: number },
): Promise<Place[]> {
  // Ordered and limited, so that each partition is one look into the index however much waits: `exists`
  // became a scan of the whole table.
  const { rows } = await sql<Place>`
    with places as materialized (
      select known.topic, every.partition
      from unnest(${topics}::text[]) as known (topic)
        cross join generate_series(0, ${sql.lit(partitionCount - 1)}) as every (partition)
        cross join lateral (
          select from outbox
          where topic = known.topic and partition = every.partition and rejected_at is null
          order by sequence
          limit 1
        ) as waiting
    ), shuffled as materialized (
      select partition from places group by partition order by random()
    ), locked as materialized (
      select partition from shuffled where pg_try_advisory_xact_lock(${sql.lit(relayLock)}, partition)
      limit ${sql.lit(partitionsPerBatch)}
    )
    select topic, partition,
      set_config('idle_in_transaction_session_timeout', ${String(Math.ceil(leaseDurationMs))}, true)
    from places join locked using (partition)`.execute(tx);
  return rows;
}

/** readRows reads the first events of each place. */
export async function readRows<DB>(
  tx: Transaction<DB>,
  { places, each }: { readonly places: readonly Place[]; readonly each: number },
): Promise<EventRow[]> {
  const topics = places.map(({ topic }) => topic);
  const numbers = places.map(({ partition }) => partition);
  const { rows } = await sql<EventRow>`
    select event.*
    from unnest(${topics}::text[], ${numbers}::int[]) as place (topic, partition)
      cross join lateral (
        select sequence::text, topic, event_id as id, event_key as key, type, data,
          nullif(headers::text, '{}') as headers,
          (extract(epoch from event_time) * 1000)::text as time
        from outbox
        where topic = place.topic and partition = place.partition and rejected_at is null
        order by outbox.sequence
        limit ${each}
      ) as event`.execute(tx);
  return rows;
}

/** mark removes what is out and rejects what can never be. */
export async function mark<DB>(
  tx: Transaction<DB>,
  { out, rejected }: { readonly out: readonly string[]; readonly rejected: readonly Rejection[] },
): Promise<void> {
  if (out.length > 0) {
    await sql`delete from outbox where sequence = any(${out}::bigint[])`.execute(tx);
  }
  for (const { sequence, error } of rejected) {
    await sql`
      update outbox
      set rejected_at = now(), rejected_code = ${error.code}, rejected_reason = ${error.message}
      where sequence = ${sequence}::bigint`.execute(tx);
  }
}

/**
 * rejectUnknownTopics rejects what waits under topics other than these since before the grace, which
 * gives a newer version of the process, that knows the topic, its time to come up.
 */
export async function rejectUnknownTopics<DB>(
  db: Kysely<DB>,
  { topics, graceMs }: { readonly topics: readonly string[]; readonly graceMs: number },
): Promise<number> {
  // Two relays that sweep at the same time are no failure, as they would be under a stricter level.
  const transaction = db.transaction().setIsolationLevel("read committed");
  const setting = sql`
    update outbox
    set rejected_at = now(), rejected_code = 'unknown_topic',
      rejected_reason = 'no relay knows the topic: give it the service that declares it'
    where rejected_at is null and topic <> all(${topics}::text[])
      and extract(epoch from now() - written_at) * 1000 >= ${graceMs}::float8`;
  const { numAffectedRows = 0n } = await transaction.execute((tx) => setting.execute(tx));
  return Number(numAffectedRows);
}

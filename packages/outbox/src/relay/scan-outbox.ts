import { BusError } from "@fanfare/bus";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { checkColumns } from "../check-columns.ts";

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A partition to scan. */
export interface PartitionScan extends TopicPartition {
  /** The position after which the scan begins, in decimal digits. */
  readonly after: string;
}

/** Where to look for events that wait. */
export interface ScanPlan {
  readonly partitions: readonly PartitionScan[];
  /** The ids of transactions whose events are looked up at any position. */
  readonly writers: readonly string[];
  /** A position that was read before the plan was made. */
  readonly known?: OutboxPosition | undefined;
}

/** How far events had been written at some time. */
export interface OutboxPosition {
  /** The last position that was taken, in decimal digits; null when this role may not read it. */
  readonly last: string | null;
  /** The transactions that were open and had written events, which may have positions up to `last`. */
  readonly writers: readonly string[];
}

/** The result of a scan. */
export interface ScanResult extends OutboxPosition {
  /** Identifies the run of the server and the sequence: a restored or truncated outbox has another one. */
  readonly server: string;
  /** The scanned partitions that have events. */
  readonly waiting: readonly TopicPartition[];
}

/**
 * Returns which of the planned partitions have events, and how far events are written. A statement that
 * begins afterwards sees all events up to `last`, except those of `writers`.
 *
 * Throws `unsupported` when connections draw positions in advance, because then neither that is true nor
 * do positions increase in commit order.
 */
export async function scanOutbox<DB>(db: Kysely<DB>, plan: ScanPlan): Promise<ScanResult> {
  // `last` is read before the locks: `case` evaluates its condition first.
  const { rows } = await sql<{ scan: string }>`
    with ${selectHeads(plan, 1)}, waiting as materialized (
      select distinct topic, partition from head
    ), positions as materialized (
      select case when has_sequence_privilege(name, 'SELECT, USAGE')
        then coalesce(pg_sequence_last_value(name::regclass), 0) end as last,
        (select seqcache from pg_sequence where seqrelid = name::regclass) as cache,
        concat_ws('/', pg_postmaster_start_time(), pg_relation_filenode(name::regclass)) as server
      from pg_get_serial_sequence('outbox', 'sequence') as name
    ), locks as materialized (
      select * from pg_locks
    )
    select json_build_object(
      'server', server,
      'cache', cache,
      'last', last::text,
      'writers', case when last is null then '[]' else (
        select coalesce(json_agg(writer.transactionid::text), '[]')
        from locks as writer join locks as held using (virtualtransaction)
        where writer.locktype = 'transactionid' and writer.mode = 'ExclusiveLock'
          and held.relation = 'outbox'::regclass and held.mode = 'RowExclusiveLock'
          and held.database = (select oid from pg_database where datname = current_database())
      ) end,
      'waiting', (
        select coalesce(json_agg(json_build_object('topic', topic, 'partition', partition)), '[]')
        from waiting
      )
    )::text as scan
    from positions`.execute(db);
  checkColumns(rows, ["scan"]);
  const { cache, ...result }: ScanResult & { readonly cache: number | null } = JSON.parse(
    rows[0]?.scan ?? "",
  );
  if (cache === null || cache === 1) return result;
  throw new BusError(
    "unsupported",
    `expected the sequence of outbox.sequence to have a cache of 1, got ${cache}, with which positions do not follow the order of the commits: run "alter table outbox alter column sequence set cache 1"`,
  );
}

/**
 * Composes the CTE `head` with the first `limit` planned positions of each partition. Its order by all
 * columns of an index, and its bounds on all of them, leave PostgreSQL no other index: one on the
 * position alone would lead through the events of all partitions, and `exists` through the whole table.
 */
export function selectHeads({ partitions, writers }: ScanPlan, limit: number): RawBuilder<unknown> {
  return sql`scanned as materialized (
      select * from json_to_recordset((${JSON.stringify(partitions)}::text)::json)
        as scan (topic text, partition smallint, after bigint)
    ), head as materialized (
      select scanned.topic, scanned.partition, first.sequence
      from scanned cross join lateral (
        select found.sequence from (
          select late.sequence
          from unnest((${formatArray(writers)}::text)::bigint[]) as writer cross join lateral (
            select sequence from outbox
            where rejected_at is null
              and (transaction_id, topic, partition, sequence)
                > (writer, scanned.topic, scanned.partition, 0)
              and (transaction_id, topic, partition, sequence)
                <= (writer, scanned.topic, scanned.partition, scanned.after)
            order by transaction_id, topic, partition, sequence
            limit ${sql.lit(limit)}
          ) as late
          union all
          (select sequence from outbox
          where rejected_at is null
            and (topic, partition, sequence) > (scanned.topic, scanned.partition, scanned.after)
            and (topic, partition, sequence)
              <= (scanned.topic, scanned.partition, 9223372036854775807)
          order by topic, partition, sequence
          limit ${sql.lit(limit)})
        ) as found
        order by found.sequence
        limit ${sql.lit(limit)}
      ) as first
    )`;
}

/** Formats numbers as an array literal of PostgreSQL: drivers differ in how they send arrays. */
export function formatArray(numbers: readonly (string | number)[]): string {
  return `{${numbers.join(",")}}`;
}

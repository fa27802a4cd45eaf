import { BusError } from "@fanfare/bus";
import { type QueryExecutorProvider, sql } from "kysely";
import { checkColumns } from "../check-columns.ts";
import { explainMissingTable } from "../missing-table.ts";
import { partitionCount } from "./partitions.ts";

/** An event to store in the outbox. */
export interface EventRow {
  readonly topic: string;
  readonly id: string;
  readonly key: string | null;
  readonly type: string;
  readonly data: Uint8Array;
  /** Attributes and headers, from `encodeStoredHeaders`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly time: Date;
}

/** The result of `insertEvents`. */
export interface InsertResult {
  /** The id of the transaction; null without one, and then nothing was inserted. */
  readonly transaction: string | null;
  /** The positions of the inserted events, by `formatEventName`. */
  readonly sequences: ReadonlyMap<string, string>;
}

/** Formats what identifies an event in the outbox. */
export function formatEventName({ topic, id }: Pick<EventRow, "topic" | "id">): string {
  return `${topic}\n${id}`;
}

interface InsertedRow {
  readonly transaction: string | null;
  readonly topic: string | null;
  readonly id: string | null;
  readonly sequence: string | null;
}

/**
 * Inserts events if the transaction has an id, and assigns an id to one that has none.
 *
 * The id proves that there is a transaction. Kysely sends the rollback of a transaction ahead of its
 * queued statements, which then run on their own and would commit an event of a change that was rolled
 * back. A statement outside a transaction has no id before it writes.
 *
 * Positions of one key increase in commit order: the statement locks the row of each key in
 * `outbox_keys` until the transaction ends, before it takes the next positions. It locks the rows in
 * the order of their hashes, and inserts events without a key in the order of their ids, so that two
 * statements never deadlock. Row locks do not use the lock table of the server, and no two keys share one.
 * A row that exists is locked without a new version of it.
 */
export async function insertEvents(
  tx: QueryExecutorProvider,
  events: readonly EventRow[],
): Promise<InsertResult> {
  // One text, because drivers differ in how they send arrays, bytes, JSON and times.
  const given = JSON.stringify(events.map(toJson));
  const inserting = sql<InsertedRow>`
    with state as materialized (
      select pg_current_xact_id_if_assigned()::text as transaction
    ), given as materialized (
      select event.* from state cross join json_to_recordset((${given}::text)::json) as event
        (number int, topic text, id text, key text, type text, data text, headers jsonb, time text)
      where transaction is not null
    ), locked as (
      insert into outbox_keys (key_hash)
      select distinct sha256(convert_to(topic || chr(10) || key, 'UTF8')) as key_hash
      from given where key is not null
      order by key_hash
      on conflict (key_hash) do update set key_hash = excluded.key_hash where false
      returning 1
    ), inserted as (
      insert into outbox (topic, event_id, event_key, partition, type, data, headers, event_time)
      select topic, id, key,
        hashtext(topic || chr(10) || coalesce(key, id)) & ${sql.lit(partitionCount - 1)},
        type, decode(data, 'base64'), headers, time::timestamptz
      from given cross join (select count(*) from locked) as all_locked
      order by key is null, case when key is null then topic || chr(10) || id end, number
      on conflict (topic, event_id) do nothing
      returning topic, event_id, sequence
    )
    select transaction, topic, event_id as id, sequence::text as sequence,
      case when transaction is null then pg_current_xact_id()::text end as assigned
    from state left join inserted on true`.execute(tx);
  const { rows } = await explainMissingTable("outbox", inserting);
  checkColumns(rows, ["transaction", "topic", "id", "sequence"]);
  const sequences = new Map<string, string>();
  for (const { topic, id, sequence } of rows) {
    if (topic === null || id === null || sequence === null) continue;
    sequences.set(formatEventName({ topic, id }), sequence);
  }
  return { transaction: rows[0]?.transaction ?? null, sequences };
}

function toJson({ data, time, ...event }: EventRow, number: number): object {
  const base64 = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
  return { ...event, number, data: base64, time: time.toISOString() };
}

/**
 * Returns the position of the same event in the outbox, or 0 when a relay has published and removed it
 * in the meantime. Throws `invalid_argument` when the event has other contents.
 */
export async function readExistingSequence(
  tx: QueryExecutorProvider,
  { topic, id, key, data }: EventRow,
): Promise<string> {
  const { rows } = await sql<{ sequence: string; data: string; key: string | null }>`
    select sequence::text as sequence, encode(data, 'base64') as data, event_key as key
    from outbox where topic = ${topic}::text and event_id = ${id}::text`.execute(tx);
  const [row] = rows;
  if (row === undefined) return "0";
  if (row.key === key && Buffer.from(row.data, "base64").equals(data)) return row.sequence;
  throw new BusError(
    "invalid_argument",
    `the outbox has an event ${id} with other contents, waiting or rejected: give each event an id of its own`,
  );
}

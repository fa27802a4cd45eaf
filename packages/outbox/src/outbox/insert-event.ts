import { BusError } from "@fanfare/bus";
import { type QueryExecutorProvider, sql } from "kysely";
import { explainMissingTable } from "../missing-table.ts";
import { partitionCount, writerLock } from "./partitions.ts";

/** An event to store in the outbox. */
export interface NewEvent {
  readonly topic: string;
  readonly id: string;
  readonly key: string | null;
  readonly type: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly time: Date;
}

/** Throws `invalid_argument` for an event that a broker accepts and PostgreSQL cannot store. */
export function checkStorable({ id, key, headers, time }: NewEvent): void {
  const texts = { id, key: key ?? "", ...headers };
  for (const [name, text] of Object.entries(texts)) {
    if (!text.includes("\0")) continue;
    throw new BusError(
      "invalid_argument",
      `the ${Object.hasOwn(headers, name) ? "header " : ""}${name} of event ${JSON.stringify(id)} contains a NUL character, which PostgreSQL cannot store: remove it`,
    );
  }
  const year = time.getUTCFullYear();
  if (year >= 1 && year <= 9_999) return;
  throw new BusError(
    "invalid_argument",
    `the time of event ${id} is in the year ${year}: use one from 1 to 9999`,
  );
}

/** The result of an insert. */
export interface InsertResult {
  /** The id of the transaction; null without one, and then nothing was inserted. */
  readonly transaction: string | null;
  /** The position of the event; null when nothing was inserted. */
  readonly sequence: string | null;
}

/**
 * Inserts an event if the transaction has an id, and assigns an id to one that has none.
 *
 * The id proves that there is a transaction. Kysely sends the rollback of a transaction ahead of its
 * queued statements, which then run on their own and would commit an event of a change that was rolled
 * back. A statement outside a transaction has no id before it writes.
 *
 * Positions of one key increase in commit order, because the lock of the key precedes the next value
 * of the sequence. Keys share 1,024 locks, so that a transaction with many keys does not exhaust the
 * lock table of the server.
 */
export async function insertEvent(
  tx: QueryExecutorProvider,
  event: NewEvent,
): Promise<InsertResult> {
  const { topic, id, key, type, data, time } = event;
  const headers = JSON.stringify(event.headers);
  const inserting = sql<InsertResult>`
    with hashed as materialized (
      select hashtext(${topic} || chr(10) || coalesce(${key}::text, ${id})) as hash,
        pg_current_xact_id_if_assigned()::text as transaction
    ), locked as materialized (
      select hash, case when ${key}::text is not null
        then pg_advisory_xact_lock(${sql.lit(writerLock)}, hash & 1023) end
      from hashed where transaction is not null
    ), inserted as (
      insert into outbox (topic, event_id, event_key, partition, type, data, headers, event_time)
      select ${topic}, ${id}, ${key}, (hash & ${sql.lit(partitionCount - 1)})::smallint, ${type},
        ${data}::bytea, ${headers}::jsonb, ${time.toISOString()}::timestamptz
      from locked
      on conflict (topic, event_id) do nothing
      returning sequence
    )
    select transaction, sequence::text,
      case when sequence is not null then pg_notify('outbox', '') end,
      case when transaction is null then pg_current_xact_id() end
    from hashed left join inserted on true`.execute(tx);
  const { rows } = await explainMissingTable("outbox", inserting);
  return rows[0] ?? { transaction: null, sequence: null };
}

/**
 * Returns the position of the same event in the outbox, or 0 when a relay has published and removed it
 * in the meantime. Throws `invalid_argument` when the event has other contents.
 */
export async function readExistingSequence(
  tx: QueryExecutorProvider,
  event: NewEvent,
): Promise<string> {
  const { rows } = await sql<{ sequence: string; same: string }>`
    select sequence::text, (data = ${event.data}::bytea
      and event_key is not distinct from ${event.key}::text)::text as same
    from outbox where topic = ${event.topic} and event_id = ${event.id}`.execute(tx);
  const [row] = rows;
  if (row?.same !== "false") return row?.sequence ?? "0";
  throw new BusError(
    "invalid_argument",
    `the outbox has an event ${event.id} with other contents, waiting or rejected: give each event an id of its own`,
  );
}

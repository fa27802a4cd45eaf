import type { DescMessage, DescService, MessageShape } from "@bufbuild/protobuf";
import {
  BusError,
  createPublisher,
  type EventMethod,
  type Publisher,
  type PublishOptions,
  type Receipt,
  readTopic,
  seal,
} from "@fanfare/bus";
import { type QueryExecutorProvider, sql } from "kysely";
import { lanes, writerLock } from "./locks.ts";
import { needing } from "./missing-table.ts";

/** AnyTransaction is a Kysely transaction, of whatever database and however it was begun. */
export type AnyTransaction = QueryExecutorProvider & { readonly isTransaction: true };

/**
 * outbox makes a publisher that writes events down inside a transaction. A relay publishes them if
 * and only if it commits, those of one topic and key in the order in which their transactions
 * commit: a transaction that writes an event waits for whoever wrote the key's last until that
 * transaction is over.
 *
 * It needs the table of `outboxMigration`. A receipt has the event's number in the outbox, and says
 * `duplicate` when the same event waits there already. Errors are BusErrors: `invalid_argument` for
 * a message, id or header that cannot be sent and for an id that waits with other contents,
 * `not_provisioned` without the table. Other errors of the database are passed on as they are.
 */
export function outbox<S extends DescService>(tx: AnyTransaction, service: S): Publisher<S> {
  if (!tx.isTransaction) {
    throw new BusError("invalid_argument", "an outbox needs a transaction: db.transaction()");
  }
  return createPublisher(service, {
    publish: (method, message, options = {}) => write(tx, { method, message, options }),
  });
}

interface Writing<I extends DescMessage> {
  readonly method: EventMethod<I>;
  readonly message: MessageShape<I>;
  readonly options: PublishOptions;
}

async function write<I extends DescMessage>(
  tx: AnyTransaction,
  { method, message, options }: Writing<I>,
): Promise<Receipt> {
  const topic = readTopic(method);
  const time = options.time ?? new Date();
  const { id, data } = seal(topic, message, { ...options, time, source: "outbox", now: 0 });
  const key = topic.keyOf(message) ?? null;
  const headers = JSON.stringify(options.headers ?? {});
  const type = topic.schema.typeName;
  // The lock comes before the sequence number is drawn, which makes numbers of a key rise in the
  // order of commits. It has 1,024 places, as a transaction may write more keys than the server has
  // room for locks.
  const insert = sql<{ sequence: string }>`
    with hashed as materialized (
      select hashtext(${topic.name} || chr(10) || coalesce(${key}::text, ${id})) as hash
    ), locked as materialized (
      select hash, case when ${key}::text is not null
        then pg_advisory_xact_lock(${sql.lit(writerLock)}, hash & 1023) end
      from hashed
    ), added as (
      insert into outbox (topic, event_id, event_key, lane, type, data, headers, event_time)
      select ${topic.name}, ${id}, ${key}, (hash & ${sql.lit(lanes - 1)})::smallint, ${type},
        ${data}::bytea, ${headers}::jsonb, ${time.toISOString()}::timestamptz
      from locked
      on conflict (topic, event_id) do nothing
      returning sequence
    )
    select sequence::text, pg_notify('outbox', '') from added`;
  const { rows } = await needing("outbox", insert.execute(tx));
  const added = rows[0]?.sequence;
  const sequence = added ?? (await known(tx, { topic: topic.name, id, key, data }));
  return { id, topic: topic.name, duplicate: added === undefined, sequence: Number(sequence) };
}

interface Waiting {
  readonly topic: string;
  readonly id: string;
  readonly key: string | null;
  readonly data: Uint8Array;
}

/** known is the number of the same event in the outbox. It may be published and gone by now: then 0. */
async function known(tx: AnyTransaction, event: Waiting): Promise<string> {
  const { rows } = await sql<{ sequence: string; same: boolean }>`
    select sequence::text, data = ${event.data}::bytea
      and event_key is not distinct from ${event.key}::text as same
    from outbox where topic = ${event.topic} and event_id = ${event.id}`.execute(tx);
  const [row] = rows;
  if (row?.same !== false) return row?.sequence ?? "0";
  throw new BusError(
    "invalid_argument",
    `the event ${event.id} waits in the outbox with other contents: give each event an id of its own`,
  );
}

import type { DescMessage, DescService, MessageShape } from "@bufbuild/protobuf";
import {
  BusError,
  createPublisher,
  type EventMethod,
  encodeEvent,
  type Publisher,
  type PublishOptions,
  type PublishResult,
  readTopic,
} from "@fanfare/bus";
import { type QueryExecutorProvider, sql } from "kysely";
import { needing } from "../missing-table.ts";
import { partitionCount, writerLock } from "./partitions.ts";

/** AnyTransaction is a Kysely transaction, of whatever database and however it was begun. */
export type AnyTransaction = QueryExecutorProvider & { readonly isTransaction: true };

/**
 * outbox makes a publisher that writes events down inside a transaction. A relay publishes them if
 * and only if it commits, those of one topic and key in the order in which their transactions
 * commit: a transaction that writes an event waits for whoever wrote the key's last until that
 * transaction is over.
 *
 * It needs the table of `outboxMigration`. A receipt has the event's number in the outbox, and says
 * `duplicate` when the same event is there already, be it that it waits or that it was rejected.
 * Errors are BusErrors: `invalid_argument` for a message, id, key, time or header that cannot be sent,
 * for an id that is there with other contents and for a transaction that is over by then,
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
): Promise<PublishResult> {
  const topic = readTopic(method);
  const { time = new Date(), headers = {} } = options;
  const { id, data } = encodeEvent(topic, message, { ...options, time, source: "outbox", now: 0 });
  const key = topic.readKey(message) ?? null;
  const type = topic.schema.typeName;
  const event: NewEvent = { topic: topic.name, id, key, type, data, headers, time };
  checkStorable(event);
  return await inOneTurn(tx, async (turn) => {
    let added = await insert(turn, event);
    // A transaction without an id has one by now; what runs outside of any still has none.
    if (added.transaction === null) added = await insert(turn, event);
    if (added.transaction === null) {
      throw new BusError(
        "invalid_argument",
        `the transaction of event ${id} is over: await each of its statements before it ends`,
      );
    }
    const sequence = added.sequence ?? (await known(turn, event));
    const duplicate = added.sequence === null;
    return { id, topic: topic.name, duplicate, sequence: Number(sequence) };
  });
}

/**
 * inOneTurn lets no other statement of the transaction come between those of `work`. They run as they
 * are: plugins that change names, queries or rows are for the statements of others.
 */
async function inOneTurn<T>(
  tx: AnyTransaction,
  work: (turn: QueryExecutorProvider) => Promise<T>,
): Promise<T> {
  const plain = tx.getExecutor().withoutPlugins();
  return await plain.provideConnection((connection) => {
    const executor = plain.withConnectionProvider({
      provideConnection: (consumer) => consumer(connection),
    });
    return work({ getExecutor: () => executor });
  });
}

interface NewEvent {
  readonly topic: string;
  readonly id: string;
  readonly key: string | null;
  readonly type: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly time: Date;
}

/** checkStorable refuses what a broker may take and PostgreSQL does not. */
function checkStorable({ id, key, headers, time }: NewEvent): void {
  const texts = { id, key: key ?? "", ...headers };
  for (const [name, text] of Object.entries(texts)) {
    if (!text.includes("\0")) continue;
    throw new BusError(
      "invalid_argument",
      `the ${Object.hasOwn(headers, name) ? "header " : ""}${name} of event ${JSON.stringify(id)} has a NUL character, which PostgreSQL cannot keep: leave it out`,
    );
  }
  const year = time.getUTCFullYear();
  if (year >= 1 && year <= 9_999) return;
  throw new BusError(
    "invalid_argument",
    `the time of event ${id} is in the year ${year}: use one from 1 to 9999`,
  );
}

interface Added {
  /** The transaction's id; null where it has none. Then nothing was inserted. */
  readonly transaction: string | null;
  /** Null when nothing was inserted. */
  readonly sequence: string | null;
}

/**
 * insert inserts where there is a transaction with an id, and gives an id to one that has none. Kysely
 * sends the rollback of a transaction ahead of the statements that still wait for their turn in it:
 * those run each on its own, and would commit an event of a change that is compensated. A statement on its
 * own has no id before it writes; no clock of the server tells it from one in a transaction.
 */
async function insert(tx: QueryExecutorProvider, event: NewEvent): Promise<Added> {
  const { topic, id, key, type, data, time } = event;
  const headers = JSON.stringify(event.headers);
  // The lock comes before the sequence number is drawn, which makes numbers of a key rise in the
  // order of commits. It has 1,024 places, as a transaction may write more keys than the server has
  // room for locks.
  const inserting = sql<Added>`
    with hashed as materialized (
      select hashtext(${topic} || chr(10) || coalesce(${key}::text, ${id})) as hash,
        pg_current_xact_id_if_assigned()::text as transaction
    ), locked as materialized (
      select hash, case when ${key}::text is not null
        then pg_advisory_xact_lock(${sql.lit(writerLock)}, hash & 1023) end
      from hashed where transaction is not null
    ), added as (
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
    from hashed left join added on true`.execute(tx);
  const { rows } = await needing("outbox", inserting);
  return rows[0] ?? { transaction: null, sequence: null };
}

/** known is the number of the same event in the outbox. It may be published and gone by now: then 0. */
async function known(tx: QueryExecutorProvider, event: NewEvent): Promise<string> {
  const { rows } = await sql<{ sequence: string; same: string }>`
    select sequence::text, (data = ${event.data}::bytea
      and event_key is not distinct from ${event.key}::text)::text as same
    from outbox where topic = ${event.topic} and event_id = ${event.id}`.execute(tx);
  const [row] = rows;
  if (row?.same !== "false") return row?.sequence ?? "0";
  throw new BusError(
    "invalid_argument",
    `the event ${event.id} waits in the outbox, or was rejected there, with other contents: give each event an id of its own`,
  );
}

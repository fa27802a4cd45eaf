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
import type { QueryExecutorProvider } from "kysely";
import { checkStorable, insertEvent, type NewEvent, readExistingSequence } from "./insert-event.ts";

/** A Kysely transaction of any database type, controlled or not. */
export type AnyTransaction = QueryExecutorProvider & { readonly isTransaction: true };

/**
 * Creates a publisher that stores events in the outbox of a transaction. A relay publishes them if and
 * only if the transaction commits. Events of one topic and key are published in the order in which
 * their transactions commit: a transaction that stores an event waits for the transaction that stored
 * the previous event of its key.
 *
 * Requires the table of `outboxMigration`. A publish result has the position of the event in the
 * outbox; `duplicate` is true when the outbox already has the event, waiting or rejected.
 *
 * Throws a BusError: `invalid_argument` for a message, id, key, time or header that cannot be
 * published, for an id that the outbox has with other contents, and for a transaction that has ended;
 * `not_provisioned` without the table. Other errors of the database are passed on.
 *
 * @example
 * await db.transaction().execute(async (tx) => {
 *   await tx.insertInto("notes").values({ author: "Ada", text: "hello" }).execute();
 *   await outbox(tx, NoteEvents).noteWritten({ author: "Ada" }, { id: "note/1" });
 * });
 */
export function outbox<S extends DescService>(tx: AnyTransaction, service: S): Publisher<S> {
  if (!tx.isTransaction) {
    throw new BusError("invalid_argument", "outbox requires a transaction: use db.transaction()");
  }
  return createPublisher(service, {
    publish: (method, message, options = {}) => storeEvent(tx, { method, message, options }),
  });
}

interface EventToStore<I extends DescMessage> {
  readonly method: EventMethod<I>;
  readonly message: MessageShape<I>;
  readonly options: PublishOptions;
}

async function storeEvent<I extends DescMessage>(
  tx: AnyTransaction,
  { method, message, options }: EventToStore<I>,
): Promise<PublishResult> {
  const topic = readTopic(method);
  const { time = new Date(), headers = {} } = options;
  const { id, data } = encodeEvent(topic, message, { ...options, time, source: "outbox", now: 0 });
  const key = topic.readKey(message) ?? null;
  const type = topic.schema.typeName;
  const event: NewEvent = { topic: topic.name, id, key, type, data, headers, time };
  checkStorable(event);
  return await runUninterrupted(tx, async (exclusive) => {
    let inserted = await insertEvent(exclusive, event);
    // The first attempt assigns an id to a transaction without one. Outside a transaction there is
    // still none.
    if (inserted.transaction === null) inserted = await insertEvent(exclusive, event);
    if (inserted.transaction === null) {
      throw new BusError(
        "invalid_argument",
        `the transaction of event ${id} has ended: await each of its statements before it ends`,
      );
    }
    const duplicate = inserted.sequence === null;
    const sequence = inserted.sequence ?? (await readExistingSequence(exclusive, event));
    return { id, topic: topic.name, duplicate, sequence: Number(sequence) };
  });
}

/**
 * Runs statements with no other statement of the transaction between them. Ignores plugins, which
 * could change names, queries or rows.
 */
async function runUninterrupted<T>(
  tx: AnyTransaction,
  work: (exclusive: QueryExecutorProvider) => Promise<T>,
): Promise<T> {
  const plain = tx.getExecutor().withoutPlugins();
  return await plain.provideConnection((connection) => {
    const executor = plain.withConnectionProvider({
      provideConnection: (consumer) => consumer(connection),
    });
    return work({ getExecutor: () => executor });
  });
}

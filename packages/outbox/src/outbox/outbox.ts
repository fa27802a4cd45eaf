import type { DescService } from "@bufbuild/protobuf";
import {
  createPublisher,
  encodeEvent,
  type NewEvent,
  type Publisher,
  type PublishResult,
  readTopic,
} from "@fanfare/bus";
import { checkRecordSize } from "@fanfare/bus/kit";
import type { EventRow } from "./insert-events.ts";
import { type AnyTransaction, checkTransaction, storeEvents } from "./store-events.ts";
import { encodeStoredHeaders } from "./stored-headers.ts";

/** Options of `outbox` and `outboxAll`. */
export interface OutboxOptions {
  /**
   * The largest record of the broker to which a relay publishes, in bytes. A larger event is refused at
   * once, as the broker would refuse it later. Default: 1 MiB, as that of NATS.
   */
  readonly maxRecordBytes?: number;
}

/**
 * Creates a publisher that stores events in the outbox of a transaction. A relay publishes them if and
 * only if the transaction commits. Events of one topic and key are published in the order in which
 * their transactions commit: a transaction that stores an event waits for the transaction that stored
 * the previous event of its key, and for no other.
 *
 * Requires the tables of `outboxMigration` and `outboxKeysMigration`. A publish result has the position
 * of the event in the outbox; `duplicate` is true when the outbox already has the event, waiting or
 * rejected.
 *
 * Throws a BusError: `invalid_argument` for a message, id, key, time, attribute or header that cannot be
 * published, for an id that the outbox has with other contents, and for a transaction that has ended;
 * `too_large`; `not_provisioned` without the tables. Other errors of the database are passed on.
 *
 * @example
 * await db.transaction().execute(async (tx) => {
 *   await tx.insertInto("notes").values({ author: "Ada", text: "hello" }).execute();
 *   await outbox(tx, NoteEvents).noteWritten({ author: "Ada" }, { id: "note/1" });
 * });
 */
export function outbox<S extends DescService>(
  tx: AnyTransaction,
  service: S,
  outboxOptions: OutboxOptions = {},
): Publisher<S> {
  checkTransaction(tx);
  return createPublisher(service, {
    async publish(method, message, options = {}) {
      const [result] = await storeEvents(tx, [
        encodeRow({ method, message, options }, outboxOptions),
      ]);
      if (result === undefined) throw new Error("the outbox returned no result");
      return result;
    },
  });
}

/**
 * Stores many events in the outbox of a transaction, in one statement and those of a key in their order,
 * and returns a result for each. Locks keys and ids in one order everywhere: two transactions that each
 * store their events with one call never deadlock, whatever keys or events they share. Throws as `outbox`
 * does, and then the transaction has to be rolled back.
 *
 * @example
 * import { createEvent } from "@fanfare/bus";
 *
 * const { noteWritten } = NoteEvents.method;
 * await db.transaction().execute(async (tx) => {
 *   const authors = ["Ada", "Bob"];
 *   await outboxAll(tx, authors.map((author) => createEvent(noteWritten, { author })));
 * });
 */
export async function outboxAll(
  tx: AnyTransaction,
  events: readonly NewEvent[],
  options: OutboxOptions = {},
): Promise<PublishResult[]> {
  checkTransaction(tx);
  return await storeEvents(
    tx,
    events.map((event) => encodeRow(event, options)),
  );
}

function encodeRow(
  { method, message, options = {} }: NewEvent,
  { maxRecordBytes = 1_048_576 }: OutboxOptions,
): EventRow {
  const topic = readTopic(method);
  const { time = new Date() } = options;
  const record = encodeEvent(topic, message, { ...options, time, source: "outbox", now: 0 });
  checkRecordSize(record, { name: "the broker of the outbox", maxRecordBytes });
  const { id, data } = record;
  const key = topic.readKey(message) ?? null;
  const type = topic.schema.typeName;
  return { topic: topic.name, id, key, type, data, headers: encodeStoredHeaders(options), time };
}

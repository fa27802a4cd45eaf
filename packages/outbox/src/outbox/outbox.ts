import type { DescService } from "@bufbuild/protobuf";
import {
  createPublisher,
  encodeEvent,
  type NewEvent,
  type Publisher,
  type PublishResult,
  readTopic,
} from "@fanfare/bus";
import { checkStorable } from "./check-storable.ts";
import type { EventRow } from "./insert-events.ts";
import { type AnyTransaction, checkTransaction, storeEvents } from "./store-events.ts";

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
 * Throws a BusError: `invalid_argument` for a message, id, key, time or header that cannot be
 * published, for an id that the outbox has with other contents, and for a transaction that has ended;
 * `not_provisioned` without the tables. Other errors of the database are passed on.
 *
 * @example
 * await db.transaction().execute(async (tx) => {
 *   await tx.insertInto("notes").values({ author: "Ada", text: "hello" }).execute();
 *   await outbox(tx, NoteEvents).noteWritten({ author: "Ada" }, { id: "note/1" });
 * });
 */
export function outbox<S extends DescService>(tx: AnyTransaction, service: S): Publisher<S> {
  checkTransaction(tx);
  return createPublisher(service, {
    async publish(method, message, options = {}) {
      const [result] = await storeEvents(tx, [encodeRow({ method, message, options })]);
      if (result === undefined) throw new Error("the outbox returned no result");
      return result;
    },
  });
}

/**
 * Stores many events in the outbox of a transaction, in one statement and in their order, and returns
 * a result for each. Locks their keys in one order everywhere: two transactions that each store their
 * events with one call never deadlock, whatever keys they share. Throws as `outbox` does, and then the
 * transaction has to be rolled back.
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
): Promise<PublishResult[]> {
  checkTransaction(tx);
  return await storeEvents(tx, events.map(encodeRow));
}

function encodeRow({ method, message, options = {} }: NewEvent): EventRow {
  const topic = readTopic(method);
  const { time = new Date(), headers = {} } = options;
  const { id, data } = encodeEvent(topic, message, { ...options, time, source: "outbox", now: 0 });
  const key = topic.readKey(message) ?? null;
  const row = { topic: topic.name, id, key, type: topic.schema.typeName, data, headers, time };
  checkStorable(row);
  return row;
}

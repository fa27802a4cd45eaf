import type { Delivery } from "@fanfare/bus";
import type { Kysely, Transaction } from "kysely";
import { createHandleOnce } from "./handle-once.ts";
import type { InboxCounters } from "./inbox-counters.ts";

/**
 * Handles one event in a transaction. The transaction commits when the handler returns and rolls back
 * when it throws. Only effects through `tx` happen exactly once.
 */
export type InboxHandler<Message, DB> = (
  message: Message,
  tx: Transaction<DB>,
  delivery: Delivery,
) => Promise<void>;

/** Options of `inbox`. */
export interface InboxOptions {
  /** Counts the handled events. */
  readonly counters?: InboxCounters;
}

/**
 * Creates an event handler whose database effects happen exactly once per group, topic and event id.
 * The effects and a record of the event commit in one transaction. An event with a record is
 * acknowledged without calling `handler`. When two processes receive the same event at once, the
 * second waits for the first.
 *
 * Requires PostgreSQL, and the table of `inboxMigration` in the database of the effects. Errors of
 * `handler` are passed on. The returned handler throws a BusError `unavailable` when the database is
 * unavailable or anything but the data of the event fails before `handler` runs, and `permanent` when `handler` ends the transaction itself. When `delivery.signal`
 * aborts, it cancels the running statement and rolls back.
 *
 * @example
 * await bus.subscribe("readers", (on) => {
 *   on.service(NoteEvents, {
 *     noteWritten: inbox(db, async (note, tx) => {
 *       await tx.insertInto("readings").values({ author: note.author }).execute();
 *     }),
 *   });
 * });
 */
export function inbox<Message, DB>(
  db: Kysely<DB>,
  handler: InboxHandler<Message, DB>,
  { counters }: InboxOptions = {},
): (message: Message, delivery: Delivery) => Promise<void> {
  const handleOnce = createHandleOnce(db, { counters });
  return async (message, delivery) => {
    const { signal } = delivery;
    await handleOnce({ deliveries: [delivery], signal }, (tx) => handler(message, tx, delivery));
  };
}

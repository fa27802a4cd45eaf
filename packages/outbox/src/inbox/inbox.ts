import type { Delivery } from "@fanfare/bus";
import type { Kysely, Transaction } from "kysely";
import { createHandleOnce } from "./handle-once.ts";
import type { InboxCounters } from "./inbox-counters.ts";

/**
 * InboxHandler handles one event inside a transaction that is committed when it returns and rolled
 * back when it throws. Only what it does through `tx` happens exactly once.
 */
export type InboxHandler<Message, DB> = (
  message: Message,
  tx: Transaction<DB>,
  delivery: Delivery,
) => Promise<void>;

export interface InboxOptions {
  /** Where what is handled is counted. */
  readonly counters?: InboxCounters;
}

/**
 * inbox makes an event handler whose database effects happen once for each group, topic and event
 * id: they are committed together with the record that this group has handled the event, and an
 * event with a record is acknowledged without calling `handler`. Of two processes with the same
 * event at once, the second waits for the first.
 *
 * It needs the table of `inboxMigration`, in the database of the effects, which is PostgreSQL. An
 * error of `handler` is passed on; a lost database becomes a BusError `unavailable`, a handler that
 * would end the transaction by itself one that is `permanent`. When `delivery.signal` aborts, the running
 * statement is cancelled and nothing is committed.
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

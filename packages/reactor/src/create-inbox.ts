import type { Delivery } from "@fanfare/bus";
import { type InboxHandler, type InboxOptions, inbox } from "@fanfare/outbox";
import type { Kysely } from "kysely";

/**
 * Wraps an event handler so that what it does through its transaction happens once for each event,
 * however often the event is delivered. See `inbox` of `@fanfare/outbox`.
 */
export type Inbox<DB> = <Message>(
  handler: InboxHandler<Message, DB>,
) => (message: Message, delivery: Delivery) => Promise<void>;

/**
 * Creates the inbox of a database, as `runReactor` passes it to `react`. Use it to test `react`
 * without a process.
 *
 * @example
 * import { createMemoryBus } from "@fanfare/bus";
 *
 * const bus = createMemoryBus();
 * await bus.subscribe("mileage", react(createInbox(db)));
 */
export function createInbox<DB>(db: Kysely<DB>, options: InboxOptions = {}): Inbox<DB> {
  return (handler) => inbox(db, handler, options);
}

import { BusError, type PublishResult } from "@fanfare/bus";
import type { QueryExecutorProvider } from "kysely";
import {
  type EventRow,
  formatEventName,
  type InsertResult,
  insertEvents,
  readExistingSequence,
} from "./insert-events.ts";

/** A Kysely transaction of any database type, controlled or not. */
export type AnyTransaction = QueryExecutorProvider & { readonly isTransaction: true };

/** Throws `invalid_argument` unless it is a transaction, which JavaScript callers can miss. */
export function checkTransaction(tx: AnyTransaction): void {
  if (tx.isTransaction) return;
  throw new BusError("invalid_argument", "outbox requires a transaction: use db.transaction()");
}

/** Stores events in one statement, those of a key in their order. Returns a result for each. */
export async function storeEvents(
  tx: AnyTransaction,
  events: readonly EventRow[],
): Promise<PublishResult[]> {
  if (events.length === 0) return [];
  return await runUninterrupted(tx, async (exclusive) => {
    const inserted = await insertInTransaction(exclusive, events);
    const unclaimed = new Map(inserted.sequences);
    const results: PublishResult[] = [];
    for (const event of events) {
      const name = formatEventName(event);
      const sequence = unclaimed.get(name) ?? (await readExistingSequence(exclusive, event));
      // The second of two events with one id is a duplicate.
      const duplicate = !unclaimed.delete(name);
      const { id, topic } = event;
      results.push({ id, topic, duplicate, sequence: Number(sequence) });
    }
    return results;
  });
}

async function insertInTransaction(
  exclusive: QueryExecutorProvider,
  events: readonly EventRow[],
): Promise<InsertResult> {
  let inserted = await insertEvents(exclusive, events);
  // The first attempt assigns an id to a transaction without one. Outside a transaction there is still
  // none.
  if (inserted.transaction === null) inserted = await insertEvents(exclusive, events);
  if (inserted.transaction !== null) return inserted;
  throw new BusError(
    "invalid_argument",
    `the transaction of event ${events[0]?.id} has ended: await each of its statements before it ends`,
  );
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

import { setImmediate as nextTurn } from "node:timers/promises";
import { BusError, type Delivery, DependencyUnavailableError } from "@fanfare/bus";
import { checkAtLeast } from "@fanfare/bus/kit";
import type { Kysely, Transaction } from "kysely";
import { createHandleOnce } from "./handle-once.ts";
import type { InboxOptions } from "./inbox.ts";
import { maxRecorded } from "./record-deliveries.ts";

/** One event of a batch. */
export interface InboxEvent<Message> {
  readonly message: Message;
  readonly delivery: Delivery;
}

/** Handles several events, in the order of their delivery, in one transaction. */
export type InboxBatchHandler<Message, DB> = (
  events: readonly InboxEvent<Message>[],
  tx: Transaction<DB>,
) => Promise<void>;

/** Options of `inboxBatch`. */
export interface InboxBatchOptions extends InboxOptions {
  /** The most events of one transaction. Default: 100; at most 13,107. */
  readonly maxBatchSize?: number;
  /**
   * The number of concurrent transactions, each on its own connection. Default: 1. More are faster for
   * handlers that only insert. Handlers that update the same rows wait for each other or deadlock.
   */
  readonly workers?: number;
}

interface QueuedEvent<Message> extends InboxEvent<Message> {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  /** Rejects the event when its signal aborts. */
  readonly onAbort: () => void;
}

/**
 * Creates an event handler like `inbox` that handles many events in one transaction: all that the
 * subscription has started and no batch has taken yet. Events of one key start one after another, so a
 * batch has at most one event per key, and the subscription's `concurrency` bounds its size. Set
 * `concurrency` to twice `maxBatchSize`.
 *
 * A batch that fails is rolled back, halved and retried, until the event that fails is alone. That
 * event is redelivered and then handled alone; the others are handled.
 *
 * Throws `invalid_argument` for an invalid option.
 *
 * @example
 * await bus.subscribe(
 *   "readers",
 *   (on) => {
 *     on.service(NoteEvents, {
 *       noteWritten: inboxBatch(db, async (events, tx) => {
 *         const rows = events.map(({ message }) => ({ author: message.author }));
 *         await tx.insertInto("readings").values(rows).execute();
 *       }),
 *     });
 *   },
 *   { concurrency: 200 },
 * );
 */
export function inboxBatch<Message, DB>(
  db: Kysely<DB>,
  handler: InboxBatchHandler<Message, DB>,
  { maxBatchSize = 100, workers = 1, counters }: InboxBatchOptions = {},
): (message: Message, delivery: Delivery) => Promise<void> {
  checkAtLeast(1, "maxBatchSize", maxBatchSize);
  checkAtLeast(1, "workers", workers);
  if (maxBatchSize > maxRecorded) {
    throw new BusError(
      "invalid_argument",
      `maxBatchSize must be at most ${maxRecorded}, not ${maxBatchSize}`,
    );
  }
  const handleOnce = createHandleOnce(db, { counters });
  let queue: QueuedEvent<Message>[] = [];
  let running = 0;

  async function runWorker(): Promise<void> {
    running++;
    // Events that start in the same turn share a batch.
    await nextTurn();
    for (let batch = takeBatch(); batch.length > 0; batch = takeBatch()) await settleBatch(batch);
    running--;
  }

  /** Takes events up to the next redelivered one, which is handled alone. */
  function takeBatch(): readonly QueuedEvent<Message>[] {
    const redelivered = queue.findIndex(({ delivery }) => delivery.redelivered);
    const count =
      redelivered === -1 ? maxBatchSize : Math.min(maxBatchSize, Math.max(redelivered, 1));
    const batch = queue.slice(0, count);
    queue = queue.slice(count);
    for (const event of batch) ignoreAbort(event);
    return batch;
  }

  async function settleBatch(batch: readonly QueuedEvent<Message>[]): Promise<void> {
    try {
      await handleBatch(batch);
      for (const { resolve } of batch) resolve();
    } catch (reason) {
      const [aborted, others] = partitionBy(batch, ({ delivery }) => delivery.signal.aborted);
      for (const { delivery, reject } of aborted) reject(delivery.signal.reason);
      if (others.length === 0) return;
      if (aborted.length > 0) return await settleBatch(others);
      if (others.length === 1 || reason instanceof DependencyUnavailableError) {
        for (const { reject } of others) reject(reason);
        return;
      }
      const half = others.length / 2;
      const later = others.slice(half);
      for (const event of later) rejectOnAbort(event);
      await settleBatch(others.slice(0, half));
      for (const event of later) ignoreAbort(event);
      await settleBatch(later);
    }
  }

  async function handleBatch(batch: readonly QueuedEvent<Message>[]): Promise<void> {
    const deliveries = batch.map(({ delivery }) => delivery);
    const signal = AbortSignal.any(deliveries.map((delivery) => delivery.signal));
    await handleOnce({ deliveries, signal }, async (tx, fresh) => {
      const remaining = new Set(fresh);
      await handler(
        batch.filter(({ delivery }) => remaining.has(delivery)),
        tx,
      );
    });
  }

  return (message, delivery) =>
    new Promise((resolve, reject) => {
      const { signal } = delivery;
      signal.throwIfAborted();
      const onAbort = () => reject(signal.reason);
      const event = { message, delivery, resolve, reject, onAbort };
      rejectOnAbort(event);
      queue.push(event);
      if (running < workers) void runWorker();
    });
}

/** Rejects a queued event when its signal aborts. */
function rejectOnAbort({ delivery, onAbort }: QueuedEvent<unknown>): void {
  delivery.signal.addEventListener("abort", onAbort, { once: true });
}

/** Leaves the abort of an event in a transaction to that transaction, which is cancelled. */
function ignoreAbort({ delivery, onAbort }: QueuedEvent<unknown>): void {
  delivery.signal.removeEventListener("abort", onAbort);
}

function partitionBy<T>(items: readonly T[], test: (item: T) => boolean): readonly [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

import { setImmediate as turn } from "node:timers/promises";
import { BusError, type Delivery } from "@fanfare/bus";
import type { Kysely, Transaction } from "kysely";
import { checkCounts } from "../check-options.ts";
import { createHandleOnce } from "./handle-once.ts";
import type { InboxOptions } from "./inbox.ts";
import { mostRecorded } from "./record-deliveries.ts";

/** InboxEvent is one event of a batch. */
export interface InboxEvent<Message> {
  readonly message: Message;
  readonly delivery: Delivery;
}

/** InboxBatchHandler handles events, in the order in which they came, inside one transaction. */
export type InboxBatchHandler<Message, DB> = (
  events: readonly InboxEvent<Message>[],
  tx: Transaction<DB>,
) => Promise<void>;

export interface InboxBatchOptions extends InboxOptions {
  /** How many events one transaction takes, at most. Default: 100, and never more than 13,107. */
  readonly maxBatchSize?: number;
  /**
   * How many such transactions run side by side, each on a connection of its own. Default: 1. More
   * are faster for handlers that only insert; those that write the same rows would wait for each
   * other, or be in each other's way.
   */
  readonly workers?: number;
}

interface Waiting<Message> extends InboxEvent<Message> {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  /** Gives it up, as its deadline has passed. */
  readonly leave: () => void;
}

/**
 * inboxBatch is `inbox` for handlers that want many events in one transaction: those that the
 * subscription has started and that no batch took yet. As events of one key start one after another,
 * a batch has one of each key, and the subscription's `concurrency` bounds it: set that to `size` or
 * more, best to twice as much.
 *
 * A batch that fails is rolled back, halved, and tried again, down to the event that fails alone:
 * that one comes again, and is then handled by itself; the others are done.
 */
export function inboxBatch<Message, DB>(
  db: Kysely<DB>,
  handler: InboxBatchHandler<Message, DB>,
  { maxBatchSize = 100, workers = 1, counters }: InboxBatchOptions = {},
): (message: Message, delivery: Delivery) => Promise<void> {
  checkCounts({ maxBatchSize, workers });
  if (maxBatchSize > mostRecorded) {
    throw new BusError(
      "invalid_argument",
      `size must be at most ${mostRecorded}, not ${maxBatchSize}`,
    );
  }
  const handleOnce = createHandleOnce(db, { counters });
  let waiting: Waiting<Message>[] = [];
  let working = 0;

  async function work(): Promise<void> {
    working++;
    // What arrives together goes together.
    await turn();
    for (let batch = take(); batch.length > 0; batch = take()) await settle(batch);
    working--;
  }

  function take(): readonly Waiting<Message>[] {
    const again = waiting.findIndex(({ delivery }) => delivery.attempt > 1);
    const count = again === -1 ? maxBatchSize : Math.min(maxBatchSize, Math.max(again, 1));
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    for (const event of batch) stay(event);
    return batch;
  }

  async function settle(batch: readonly Waiting<Message>[]): Promise<void> {
    try {
      await handleTogether(batch);
      for (const { resolve } of batch) resolve();
    } catch (reason) {
      const [aborted, left] = split(batch, ({ delivery }) => delivery.signal.aborted);
      for (const { delivery, reject } of aborted) reject(delivery.signal.reason);
      if (left.length === 0) return;
      if (aborted.length > 0) return await settle(left);
      if (left.length === 1 || isUnavailable(reason)) {
        for (const { reject } of left) reject(reason);
        return;
      }
      const half = left.length / 2;
      const later = left.slice(half);
      for (const event of later) mayLeave(event);
      await settle(left.slice(0, half));
      for (const event of later) stay(event);
      await settle(later);
    }
  }

  async function handleTogether(batch: readonly Waiting<Message>[]): Promise<void> {
    const deliveries = batch.map(({ delivery }) => delivery);
    const signal = AbortSignal.any(deliveries.map((delivery) => delivery.signal));
    await handleOnce({ deliveries, signal }, async (tx, fresh) => {
      const left = new Set(fresh);
      await handler(
        batch.filter(({ delivery }) => left.has(delivery)),
        tx,
      );
    });
  }

  return (message, delivery) =>
    new Promise((resolve, reject) => {
      const { signal } = delivery;
      signal.throwIfAborted();
      const leave = () => reject(signal.reason);
      const event = { message, delivery, resolve, reject, leave };
      mayLeave(event);
      waiting.push(event);
      if (working < workers) void work();
    });
}

/** mayLeave lets an event be given up when its deadline passes: no transaction has it. */
function mayLeave({ delivery, leave }: Waiting<unknown>): void {
  delivery.signal.addEventListener("abort", leave, { once: true });
}

/** stay leaves it to the transaction, which is cancelled, to give the event up. */
function stay({ delivery, leave }: Waiting<unknown>): void {
  delivery.signal.removeEventListener("abort", leave);
}

function isUnavailable(reason: unknown): boolean {
  return reason instanceof BusError && reason.code === "unavailable";
}

function split<T>(items: readonly T[], test: (item: T) => boolean): readonly [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

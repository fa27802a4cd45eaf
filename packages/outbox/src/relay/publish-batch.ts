import { BusError, type EventBus, type EventMethod, type PublishResult } from "@fanfare/bus";
import { settlesWithin } from "@fanfare/bus/kit";
import type { Kysely } from "kysely";
import {
  lockPartitions,
  type Rejection,
  readEvents,
  type StoredEvent,
  settleEvents,
} from "./relay-store.ts";

/** The outbox, the bus and the limits of a batch. */
export interface BatchOptions<DB> {
  readonly db: Kysely<DB>;
  readonly bus: Pick<EventBus, "publishEncoded">;
  /** The methods that may be published now, by topic. */
  readonly methods: ReadonlyMap<string, EventMethod>;
  /** The most events of the batch. */
  readonly size: number;
  /** How long the server lets a silent process keep its partitions, in milliseconds. */
  readonly leaseDurationMs: number;
  /** Stops waiting for the broker. */
  readonly signal: AbortSignal;
}

/** The result of a batch. */
export interface BatchResult {
  /** The number of events that were read. */
  readonly read: number;
  readonly published: number;
  /** The published events that the broker already had. */
  readonly duplicates: number;
  /** The topics of the published events. */
  readonly topics: ReadonlySet<string>;
  readonly rejected: readonly Rejection[];
  /** The topics whose events could not be published for now, with the error. */
  readonly failed: ReadonlyMap<string, BusError>;
}

/**
 * Publishes one batch in one transaction: locks partitions that no other relay holds, publishes their
 * first events, and removes them. The locks end with the transaction, which the server ends when this
 * process stops responding. Events of one topic and key are published one after another, each once the
 * previous one is stored, so that even a relay that lost its locks keeps their order.
 */
export async function publishBatch<DB>(options: BatchOptions<DB>): Promise<BatchResult> {
  const { db, methods, size, leaseDurationMs } = options;
  const topics = [...methods.keys()];
  // Under a stricter default isolation level, the second statement would still see events that another
  // relay has published and removed in the meantime.
  const transaction = db.transaction().setIsolationLevel("read committed");
  return await transaction.execute(async (tx) => {
    const partitions = await lockPartitions(tx, { topics, leaseDurationMs });
    if (partitions.length === 0) return emptyResult;
    // A separate statement sees everything that was committed before the lock.
    const limit = Math.ceil(size / partitions.length);
    const events = await readEvents(tx, { partitions, limit });
    const outcome = await publishEvents(events, options);
    await settleEvents(tx, outcome);
    return { ...outcome, read: events.length, published: outcome.published.length };
  });
}

const emptyResult: BatchResult = {
  read: 0,
  published: 0,
  duplicates: 0,
  topics: new Set(),
  rejected: [],
  failed: new Map(),
};

interface PublishOutcome {
  /** The positions of the events that the broker has. */
  readonly published: string[];
  readonly topics: Set<string>;
  readonly rejected: Rejection[];
  readonly failed: Map<string, BusError>;
  duplicates: number;
}

async function publishEvents<DB>(
  events: readonly StoredEvent[],
  { bus, methods, leaseDurationMs, signal }: BatchOptions<DB>,
): Promise<PublishOutcome> {
  const outcome: PublishOutcome = {
    published: [],
    topics: new Set(),
    rejected: [],
    failed: new Map(),
    duplicates: 0,
  };
  // The second half of the lease is for removing the published events.
  const deadline = performance.now() + leaseDurationMs / 2;
  let ended = false;

  /** Passes no signal, which all events would listen to. The timeout ends what is still running. */
  function publishEvent(event: StoredEvent, method: EventMethod): Promise<PublishResult> {
    const timeoutMs = deadline - performance.now();
    if (!(timeoutMs > 0)) throw new BusError("deadline_exceeded", "the batch took too long");
    const { id, type, data, key } = event;
    const time = new Date(Number(event.time));
    const headers = event.headers === null ? {} : { headers: parseHeaders(event.headers) };
    const encoded = { type, data, key: key ?? undefined };
    return bus.publishEncoded(method, encoded, { id, time, timeoutMs, ...headers });
  }

  async function publishInOrder(sameKey: readonly StoredEvent[]): Promise<void> {
    for (const event of sameKey) {
      const method = methods.get(event.topic);
      if (ended || method === undefined || outcome.failed.has(event.topic)) return;
      try {
        const { duplicate } = await publishEvent(event, method);
        if (duplicate) outcome.duplicates++;
        outcome.published.push(event.sequence);
        outcome.topics.add(event.topic);
      } catch (reason) {
        const error = BusError.from(reason);
        if (!isPermanent(error)) return void outcome.failed.set(event.topic, error);
        outcome.rejected.push({ ...event, error });
      }
    }
  }

  const publishing = Promise.all(groupByKey(events).map(publishInOrder));
  // A broker that ignores timeout and signal must not keep the partitions locked.
  await settlesWithin(publishing, leaseDurationMs * 0.6, { signal });
  ended = true;
  return outcome;
}

/** Groups events by topic and key. An event without a key is a group of its own. */
function groupByKey(events: readonly StoredEvent[]): StoredEvent[][] {
  const groups = Map.groupBy(events, ({ topic, key, sequence }) =>
    key === null ? sequence : `${topic}\n${key}`,
  );
  return [...groups.values()];
}

/** Returns whether the event itself causes the error, so that a retry fails again. */
function isPermanent({ code }: BusError): boolean {
  return code === "too_large" || code === "invalid_argument" || code === "undecodable";
}

function parseHeaders(text: string): Record<string, string> {
  const headers: unknown = JSON.parse(text);
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
}

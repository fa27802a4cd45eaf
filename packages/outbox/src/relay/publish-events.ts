import { BusError, type EventBus, type EventMethod, type PublishResult } from "@fanfare/bus";
import { settlesWithin } from "@fanfare/bus/kit";
import { decodeStoredHeaders } from "../outbox/stored-headers.ts";
import type { Rejection, StoredEvent } from "./relay-store.ts";

/** The bus, the limits and the memory of the publishing of a batch. */
export interface PublishEventsOptions {
  readonly bus: Pick<EventBus, "publishEncoded">;
  /** The methods that may be published now, by topic. */
  readonly methods: ReadonlyMap<string, EventMethod>;
  /** How long the server lets a silent process keep its partitions, in milliseconds. */
  readonly leaseDurationMs: number;
  /** The ids of events that are published and not removed yet, by position. They are not published again. */
  readonly unremoved: ReadonlyMap<string, string>;
  /** Stops waiting for the broker. */
  readonly signal: AbortSignal;
}

/** The outcome of each event of a batch. An event in no list was not attempted. */
export interface PublishOutcome {
  /** The events that the broker has. */
  readonly published: StoredEvent[];
  readonly rejected: Rejection[];
  /** The topics whose events could not be published for now, with the error. */
  readonly failed: Map<string, BusError>;
  /** The number of published events that the broker already had. */
  duplicates: number;
}

/**
 * Publishes events. Those of one topic and key are published one after another, each once the previous
 * one is stored, so that even a relay that lost its locks keeps their order.
 */
export async function publishEvents(
  events: readonly StoredEvent[],
  { bus, methods, leaseDurationMs, unremoved, signal }: PublishEventsOptions,
): Promise<PublishOutcome> {
  const outcome: PublishOutcome = {
    published: [],
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
    const { id, type, key } = event;
    const data = Buffer.from(event.data, "base64");
    const time = new Date(Number(event.time));
    const stored = event.headers === null ? {} : decodeStoredHeaders(event.headers);
    const encoded = { type, data, key: key ?? undefined };
    return bus.publishEncoded(method, encoded, { id, time, timeoutMs, ...stored });
  }

  async function publishInOrder(sameKey: readonly StoredEvent[]): Promise<void> {
    for (const event of sameKey) {
      const method = methods.get(event.topic);
      if (ended || method === undefined || outcome.failed.has(event.topic)) return;
      try {
        if (unremoved.get(event.sequence) !== event.id) {
          const { duplicate } = await publishEvent(event, method);
          if (duplicate) outcome.duplicates++;
        }
        outcome.published.push(event);
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

import type { BusMetric } from "@fanfare/bus";
import type { Kysely } from "kysely";
import type { InboxCounters } from "./inbox/inbox-counters.ts";
import { readOutboxState } from "./outbox/read-outbox-state.ts";
import type { Relay } from "./relay/relay.ts";

/**
 * Creates a function that returns the metrics of an outbox, read from its database.
 *
 * @example
 * const [waiting] = await createOutboxMetrics(db)();
 * console.log(waiting?.name); // "fanfare_outbox_waiting"
 */
export function createOutboxMetrics<DB>(db: Kysely<DB>): () => Promise<readonly BusMetric[]> {
  return async () => {
    const { waiting, oldestMs, rejected } = await readOutboxState(db);
    return [
      createGauge("outbox_waiting", "Events that are not published yet.", waiting),
      createGauge("outbox_oldest_seconds", "Age of the oldest waiting event.", oldestMs / 1_000),
      createGauge("outbox_rejected", "Events that can never be published.", rejected),
    ];
  };
}

/**
 * Creates a function that returns the metrics of a relay in this process.
 *
 * @example
 * const relay = startRelay(db, bus, { services: [NoteEvents] });
 * const metrics = await createRelayMetrics(relay)();
 */
export function createRelayMetrics(
  relay: Pick<Relay, "health">,
): () => Promise<readonly BusMetric[]> {
  return async () => {
    const { published, duplicates, rejected, failures } = relay.health();
    return [
      createCounter("relay_published", "Events published by this process.", published),
      createCounter(
        "relay_duplicates",
        "Published events that the broker already had.",
        duplicates,
      ),
      createCounter("relay_rejected", "Events rejected by this process.", rejected),
      createCounter("relay_failures", "Failures that were retried.", failures),
    ];
  };
}

/**
 * Creates a function that returns the metrics of the inboxes that share these counters.
 *
 * @example
 * const counters = createInboxCounters();
 * const metrics = await createInboxMetrics(counters)();
 */
export function createInboxMetrics(counters: InboxCounters): () => Promise<readonly BusMetric[]> {
  return async () => [
    createCounter("inbox_handled", "Events whose effects were committed.", counters.handled),
    createCounter("inbox_duplicates", "Events that were handled before.", counters.duplicates),
  ];
}

function createGauge(name: string, help: string, value: number): BusMetric {
  return { name: `fanfare_${name}`, help, type: "gauge", samples: [{ labels: {}, value }] };
}

function createCounter(name: string, help: string, value: number): BusMetric {
  return { ...createGauge(`${name}_total`, help, value), type: "counter" };
}

import type { BusMetric } from "@fanfare/bus";
import type { Kysely } from "kysely";
import type { InboxCounters } from "./inbox/inbox-counters.ts";
import { readOutboxState } from "./outbox/read-outbox-state.ts";
import type { Relay } from "./relay/start-relay.ts";

/** outboxMetrics returns what makes metrics of an outbox, by asking its database. */
export function outboxMetrics<DB>(db: Kysely<DB>): () => Promise<readonly BusMetric[]> {
  return async () => {
    const { waiting, oldestMs, rejected } = await readOutboxState(db);
    return [
      gauge("outbox_waiting", "Events that are not published yet.", waiting),
      gauge("outbox_oldest_seconds", "Age of the oldest event that waits.", oldestMs / 1_000),
      gauge("outbox_rejected", "Events that can never be published.", rejected),
    ];
  };
}

/** relayMetrics returns what makes metrics of what a relay did, which asks nobody. */
export function relayMetrics(relay: Pick<Relay, "health">): () => Promise<readonly BusMetric[]> {
  return async () => {
    const { published, duplicates, rejected, failures } = relay.health();
    return [
      counter("relay_published", "Events published by this process.", published),
      counter("relay_duplicates", "Of them, those that the broker had already.", duplicates),
      counter("relay_rejected", "Events rejected by this process.", rejected),
      counter("relay_failures", "What failed and is tried again.", failures),
    ];
  };
}

/** inboxMetrics returns what makes metrics of a counters that inboxes keep. */
export function inboxMetrics(counters: InboxCounters): () => Promise<readonly BusMetric[]> {
  return async () => [
    counter("inbox_handled", "Events whose effects were committed.", counters.handled),
    counter("inbox_duplicates", "Events acknowledged as handled before.", counters.duplicates),
  ];
}

function gauge(name: string, help: string, value: number): BusMetric {
  return { name: `fanfare_${name}`, help, type: "gauge", samples: [{ labels: {}, value }] };
}

function counter(name: string, help: string, value: number): BusMetric {
  return { ...gauge(`${name}_total`, help, value), type: "counter" };
}

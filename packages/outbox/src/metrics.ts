import type { BusMetric } from "@fanfare/bus";
import type { Kysely } from "kysely";
import type { InboxTally } from "./inbox-tally.ts";
import { readOutboxState } from "./outbox-state.ts";
import type { Relay } from "./relay.ts";

/** outboxMetrics returns what makes metrics of an outbox, by asking its database. */
export function outboxMetrics<DB>(db: Kysely<DB>): () => Promise<readonly BusMetric[]> {
  return async () => {
    const { waiting, oldestMs, setAside } = await readOutboxState(db);
    return [
      gauge("outbox_waiting", "Events that are not published yet.", waiting),
      gauge("outbox_oldest_seconds", "Age of the oldest event that waits.", oldestMs / 1_000),
      gauge("outbox_set_aside", "Events that can never be published.", setAside),
    ];
  };
}

/** relayMetrics returns what makes metrics of what a relay did, which asks nobody. */
export function relayMetrics(relay: Pick<Relay, "health">): () => Promise<readonly BusMetric[]> {
  return async () => {
    const { published, repeated, setAside, failures } = relay.health();
    return [
      counter("relay_published", "Events published by this process.", published),
      counter("relay_repeated", "Of them, those that the broker had already.", repeated),
      counter("relay_set_aside", "Events set aside by this process.", setAside),
      counter("relay_failures", "What failed and is tried again.", failures),
    ];
  };
}

/** inboxMetrics returns what makes metrics of a tally that inboxes keep. */
export function inboxMetrics(tally: InboxTally): () => Promise<readonly BusMetric[]> {
  return async () => [
    counter("inbox_handled", "Events whose effects were committed.", tally.handled),
    counter("inbox_duplicates", "Events acknowledged as handled before.", tally.duplicates),
  ];
}

function gauge(name: string, help: string, value: number): BusMetric {
  return { name: `fanfare_${name}`, help, type: "gauge", samples: [{ labels: {}, value }] };
}

function counter(name: string, help: string, value: number): BusMetric {
  return { ...gauge(`${name}_total`, help, value), type: "counter" };
}

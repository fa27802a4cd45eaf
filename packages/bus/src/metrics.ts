import type { EventBus } from "./bus.ts";
import { BusError } from "./error.ts";
import type { BusStats, GroupProgress, SubscriptionStats } from "./stats.ts";

/** BusMetric is one metric as Prometheus knows it, whatever library writes it down. */
export interface BusMetric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly BusSample[];
}

export interface BusSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * busMetrics returns what makes metrics of a bus's stats, for whoever is asked for them. What the
 * broker does not say is left out. Rates are Prometheus's own business: it takes the counters.
 */
export function busMetrics(bus: Pick<EventBus, "stats">): () => Promise<readonly BusMetric[]> {
  return async () => {
    const stats = await bus.stats();
    return [...ofBus(stats), ...ofSubscriptions(stats), ...ofProgress(stats)];
  };
}

function ofBus(stats: BusStats): BusMetric[] {
  const errors = [stats, ...stats.subscriptions].flatMap((each) => {
    if (each.lastError === undefined) return [];
    const group = "group" in each ? each.group : "";
    return [{ labels: { group, code: BusError.from(each.lastError).code }, value: 1 }];
  });
  return [
    gauge("connected", "Whether the broker is connected.", plain(stats.connected ? 1 : 0)),
    gauge("publishing", "Publishes that wait for the broker's word.", plain(stats.publishing)),
    counter("published", "Publishes that are stored.", plain(stats.published)),
    counter("duplicates", "Publishes whose id was known.", plain(stats.duplicates)),
    counter("rejected", "Publishes that were rejected.", plain(stats.rejected)),
    gauge("last_error", "The last error, by its code; its group is empty for the bus.", errors),
  ];
}

function ofSubscriptions({ subscriptions }: BusStats): BusMetric[] {
  const each = (value: (one: SubscriptionStats) => number) =>
    subscriptions.map((one) => ({ labels: { group: one.group }, value: value(one) }));
  return [
    gauge(
      "subscription",
      "The state that a subscription is in.",
      subscriptions.map(({ group, state }) => ({ labels: { group, state }, value: 1 })),
    ),
    gauge(
      "running",
      "Events whose handlers run in this process.",
      each((one) => one.running),
    ),
    gauge(
      "waiting",
      "Events that wait in this process.",
      each((one) => one.waiting),
    ),
    gauge(
      "delayed",
      "Events kept until their next try.",
      each((one) => one.delayed),
    ),
    counter(
      "handled",
      "Events handled by this process.",
      each((one) => one.handled),
    ),
    counter(
      "failures",
      "Attempts that failed in this process.",
      each((one) => one.failures),
    ),
    counter(
      "dead_lettered",
      "Events that this process gave up.",
      each((one) => one.deadLettered),
    ),
  ];
}

function ofProgress({ subscriptions }: BusStats): BusMetric[] {
  const known = subscriptions.flatMap(({ group, progress }) =>
    progress === undefined ? [] : [{ group, progress }],
  );
  const each = (value: (progress: GroupProgress) => number) =>
    known.map(({ group, progress }) => ({ labels: { group }, value: value(progress) }));
  const topics = (of: "pending" | "inFlight" | "redelivered") =>
    known.flatMap(({ group, progress }) =>
      progress.topics.map((topic) => ({
        labels: { group, topic: topic.topic },
        value: topic[of],
      })),
    );
  return [
    gauge("pending", "Events that no process of the group has yet.", topics("pending")),
    gauge("in_flight", "Events of the group that are not settled.", topics("inFlight")),
    gauge("redelivered", "Those in flight that came again.", topics("redelivered")),
    gauge(
      "lag_seconds",
      "Age of the group's oldest event.",
      each((one) => one.lag.oldestMs / 1e3),
    ),
    gauge(
      "dead_letters",
      "Dead letters of the group.",
      each((one) => one.deadLetters.count),
    ),
    gauge(
      "oldest_dead_letter_seconds",
      "Age of the group's oldest dead letter.",
      each((one) => one.deadLetters.oldestMs / 1e3),
    ),
  ];
}

function plain(value: number): BusSample[] {
  return [{ labels: {}, value }];
}

function gauge(name: string, help: string, samples: readonly BusSample[]): BusMetric {
  return { name: `fanfare_bus_${name}`, help, type: "gauge", samples };
}

function counter(name: string, help: string, samples: readonly BusSample[]): BusMetric {
  return { name: `fanfare_bus_${name}_total`, help, type: "counter", samples };
}

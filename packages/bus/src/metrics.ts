import type { EventBus } from "./bus.ts";
import { BusError } from "./error.ts";
import type { BusStats, GroupProgress, SubscriptionStats } from "./stats.ts";

/** A metric in the terms of Prometheus, for any client library. */
export interface BusMetric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly BusSample[];
}

/** A value of a metric. */
export interface BusSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Returns a function that reads the bus's stats as metrics, to be called at each scrape. Leaves out what
 * the broker does not report. Has counters instead of rates: Prometheus computes those.
 *
 * @example
 * const readMetrics = createBusMetrics(bus);
 * for (const { name, type, samples } of await readMetrics()) console.log(name, type, samples.length);
 */
export function createBusMetrics(
  bus: Pick<EventBus, "stats">,
): () => Promise<readonly BusMetric[]> {
  return async () => {
    const stats = await bus.stats();
    return [...describeBus(stats), ...describeSubscriptions(stats), ...describeProgress(stats)];
  };
}

function describeBus(stats: BusStats): BusMetric[] {
  const errors = [stats, ...stats.subscriptions].flatMap((each) => {
    if (each.lastError === undefined) return [];
    const group = "group" in each ? each.group : "";
    return [{ labels: { group, code: BusError.from(each.lastError).code }, value: 1 }];
  });
  return [
    gauge("connected", "Whether the broker is connected.", plain(stats.connected ? 1 : 0)),
    gauge("publishing", "Publishes that wait for the broker.", plain(stats.publishing)),
    counter("published", "Events published, duplicates included.", plain(stats.published)),
    counter("duplicates", "Publishes whose id was stored before.", plain(stats.duplicates)),
    counter("rejected", "Publishes that were rejected.", plain(stats.rejected)),
    gauge(
      "failing_publishes",
      "Publishes of a topic that failed in a row, by the code of the last one.",
      stats.failing.map(({ topic, count, error }) => ({
        labels: { topic, code: error.code },
        value: count,
      })),
    ),
    gauge(
      "last_error",
      "The last error since the last success, by code; the group is empty for the bus itself.",
      errors,
    ),
  ];
}

function describeSubscriptions({ subscriptions }: BusStats): BusMetric[] {
  const each = (value: (one: SubscriptionStats) => number) =>
    subscriptions.map((one) => ({ labels: { group: one.group }, value: value(one) }));
  return [
    gauge(
      "subscription",
      "The state of a subscription.",
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
      "Events that wait in this process for their next attempt, and those behind them.",
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
      "Events dead-lettered by this process.",
      each((one) => one.deadLettered),
    ),
  ];
}

function describeProgress({ subscriptions }: BusStats): BusMetric[] {
  const known = subscriptions.flatMap(({ group, progress }) =>
    progress === undefined ? [] : [{ group, progress }],
  );
  const each = (value: (progress: GroupProgress) => number) =>
    known.map(({ group, progress }) => ({ labels: { group }, value: value(progress) }));
  const topics = (of: "pending" | "inFlight" | "redelivered" | "lost") =>
    known.flatMap(({ group, progress }) =>
      progress.topics.map((topic) => ({
        labels: { group, topic: topic.topic },
        value: topic[of],
      })),
    );
  return [
    gauge("pending", "Events that were not delivered to the group yet.", topics("pending")),
    gauge(
      "in_flight",
      "Events of the group that were delivered and are not settled.",
      topics("inFlight"),
    ),
    gauge(
      "redelivered",
      "Events in flight that were delivered more than once.",
      topics("redelivered"),
    ),
    gauge(
      "lost",
      "Events that retention removed before the group had processed them.",
      topics("lost"),
    ),
    gauge(
      "lag_seconds",
      "Age of the oldest event that the group has not settled.",
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

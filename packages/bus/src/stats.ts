import type { Broker, TopicProgress } from "./broker.ts";
import type { BusHealth, SubscriptionHealth } from "./health.ts";

/** The options of `stats`. */
export interface StatsOptions {
  /** How long to wait for the broker, in milliseconds. Default: 2,000. */
  readonly timeoutMs?: number;
}

/** The health of a bus, what it published, and the stats of its subscriptions. */
export interface BusStats extends BusHealth {
  /** Publishes that wait for the broker. */
  readonly publishing: number;
  /** Events published since the bus was created, duplicates included. */
  readonly published: number;
  /** Publishes whose id was stored before. */
  readonly duplicates: number;
  /** Publishes that were rejected since the bus was created. */
  readonly rejected: number;
  /** Per second, over the last minute. */
  readonly rates: { readonly published: number; readonly rejected: number };
  readonly subscriptions: readonly SubscriptionStats[];
}

/** The health of a subscription, its rates, and the progress of its group. */
export interface SubscriptionStats extends SubscriptionHealth {
  /** Per second, over the last minute. */
  readonly rates: {
    readonly handled: number;
    readonly failures: number;
    readonly deadLettered: number;
  };
  /** Over all processes of the group. Undefined when the broker did not answer: see `lastError`. */
  readonly progress: GroupProgress | undefined;
}

/** The progress of a group over all of its topics and processes. */
export interface GroupProgress {
  /** Events that were not delivered yet. */
  readonly pending: number;
  /** Events that were delivered and are not settled: leased, or waiting for their redelivery. */
  readonly inFlight: number;
  /** Events in flight that were delivered more than once. */
  readonly redelivered: number;
  /** Events that retention removed before the group had processed them. */
  readonly lost: number;
  /** Pending and in-flight events: how many, and the age of the oldest. */
  readonly lag: { readonly events: number; readonly oldestMs: number };
  /** Dead letters that are neither replayed nor discarded. */
  readonly deadLetters: { readonly count: number; readonly oldestMs: number };
  readonly topics: readonly TopicProgress[];
}

/** Reads the progress of a group from the broker. Rejects with the broker's BusError. */
export async function readProgress(
  broker: Pick<Broker, "progress" | "deadLetters" | "clock">,
  about: { readonly group: string; readonly topics: readonly string[] },
  { timeoutMs = 2_000 }: StatsOptions,
): Promise<GroupProgress> {
  const [topics, dead] = await Promise.all([
    broker.progress(about, { timeoutMs }),
    broker.deadLetters.count(about.group, { timeoutMs }),
  ]);
  const sum = (of: "pending" | "inFlight" | "redelivered" | "lost") =>
    topics.reduce((all, topic) => all + topic[of], 0);
  const now = broker.clock.now();
  const age = (at: number) => Math.max(0, now - at);
  return {
    pending: sum("pending"),
    inFlight: sum("inFlight"),
    redelivered: sum("redelivered"),
    lost: sum("lost"),
    lag: {
      events: sum("pending") + sum("inFlight"),
      oldestMs: Math.max(0, ...topics.map(({ oldestAt = now }) => age(oldestAt))),
    },
    deadLetters: { count: dead.count, oldestMs: age(dead.oldestAt ?? now) },
    topics,
  };
}

import type { Broker, TopicProgress } from "./broker.ts";
import type { BusHealth, SubscriptionHealth } from "./health.ts";

/** StatsOptions say how long the broker may take; what this process knows is said in any case. */
export interface StatsOptions {
  /** Default: 2,000. */
  readonly timeoutMs?: number;
}

/** BusStats is the bus's health, with what was published and with the stats of every subscription. */
export interface BusStats extends BusHealth {
  /** Publishes that wait for the broker's word. */
  readonly publishing: number;
  /** Publishes of events that the broker stored, or had stored before, since the bus began. */
  readonly published: number;
  /** Those of them whose id was known. */
  readonly duplicates: number;
  /** Publishes that were rejected since the bus began. */
  readonly rejected: number;
  /** Per second, over the last minute. */
  readonly rates: { readonly published: number; readonly rejected: number };
  readonly subscriptions: readonly SubscriptionStats[];
}

/** SubscriptionStats is a subscription's health, with its rates and with how far its group has come. */
export interface SubscriptionStats extends SubscriptionHealth {
  /** Per second, over the last minute. */
  readonly rates: {
    readonly handled: number;
    readonly failures: number;
    readonly deadLettered: number;
  };
  /** Over all processes of the group; undefined when the broker cannot say: `lastError` says why. */
  readonly progress: GroupProgress | undefined;
}

/** GroupProgress is how far a group has come, its topics together. */
export interface GroupProgress {
  /** Events that no process of the group was handed yet. */
  readonly pending: number;
  /** Events that were handed out and are not settled: leased, or waiting for their retry. */
  readonly inFlight: number;
  /** Those in flight that were handed out more than once. */
  readonly redelivered: number;
  /** All that the group has to do: how many events, and for how long the oldest has been stored. */
  readonly lag: { readonly events: number; readonly oldestMs: number };
  /** Dead letters that nobody has replayed or discarded. */
  readonly deadLetters: { readonly count: number; readonly oldestMs: number };
  readonly topics: readonly TopicProgress[];
}

/** readProgress asks the broker. Rejects with its BusError. */
export async function readProgress(
  { progress, deadLetters, clock }: Pick<Broker, "progress" | "deadLetters" | "clock">,
  about: { readonly group: string; readonly topics: readonly string[] },
  { timeoutMs = 2_000 }: StatsOptions,
): Promise<GroupProgress> {
  const [topics, dead] = await Promise.all([
    progress(about, { timeoutMs }),
    deadLetters.count(about.group, { timeoutMs }),
  ]);
  const sum = (of: "pending" | "inFlight" | "redelivered") =>
    topics.reduce((all, topic) => all + topic[of], 0);
  const now = clock.now();
  const age = (at: number) => Math.max(0, now - at);
  return {
    pending: sum("pending"),
    inFlight: sum("inFlight"),
    redelivered: sum("redelivered"),
    lag: {
      events: sum("pending") + sum("inFlight"),
      oldestMs: Math.max(0, ...topics.map(({ oldestAt = now }) => age(oldestAt))),
    },
    deadLetters: { count: dead.count, oldestMs: age(dead.oldestAt ?? now) },
    topics,
  };
}

import { BusError, type DeadLetterCount } from "@fanfare/bus";
import type { JetStreamManager } from "@nats-io/jetstream";
import { callApi } from "./api.ts";
import { countOf, noneYet } from "./dead-count.ts";
import { deadStream } from "./dead-subject.ts";
import { openLink } from "./link.ts";
import { progressOf } from "./progress.ts";
import { type NatsOptions, settingsOf } from "./settings.ts";
import { streamName } from "./subject.ts";

/** GroupStatus is how one group fares, over all its processes. */
export interface GroupStatus {
  readonly group: string;
  readonly topics: readonly TopicStatus[];
  /** Events that nobody has replayed or discarded since the group gave them up. */
  readonly deadLetters: {
    readonly count: number;
    /** When the oldest was given up; undefined when there is none. */
    readonly oldest: Date | undefined;
  };
}

/** TopicStatus is how a group fares with one topic. */
export interface TopicStatus {
  readonly topic: string;
  /** Events that no process of the group has yet. */
  readonly pending: number;
  /** Events that are leased, or wait for their retry. */
  readonly inFlight: number;
  /** Events of those in flight that were handed out more than once. */
  readonly redelivered: number;
  /** When the first event that is not acknowledged was stored; undefined when all are. */
  readonly oldest: Date | undefined;
  /** Whether a process asks for events now. */
  readonly active: boolean;
}

export interface ReadGroupsOptions {
  readonly topics: readonly string[];
  /** How long all of it may take, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
}

/**
 * readGroups reads how every group of the topics fares, sorted by name, over a connection of its own.
 * A topic without a stream has none. A group whose consumers are gone is there for its dead letters.
 */
export async function readGroups(
  options: NatsOptions,
  { topics, timeoutMs = 10_000 }: ReadGroupsOptions,
): Promise<readonly GroupStatus[]> {
  const until = { deadlineAt: Date.now() + timeoutMs };
  const { prefix } = settingsOf(options);
  const link = openLink(options);
  const groups = new Map<string, TopicStatus[]>();
  const topicsOf = (group: string) => {
    const known = groups.get(group) ?? [];
    groups.set(group, known);
    return known;
  };
  const readTopic = async (topic: string) => {
    const about = `cannot read the groups of topic ${topic}`;
    try {
      await callApi(link, { about, until }, async (api) => {
        const found = await statusesOf(api, prefix, topic);
        for (const [group, status] of found) topicsOf(group).push(status);
      });
    } catch (reason) {
      if (BusError.from(reason).code !== "not_provisioned") throw reason;
    }
  };
  try {
    const about = "cannot read the dead letters of groups";
    const [dead] = await Promise.all([
      callApi(link, { about, until }, (api) => readDead(api, prefix)),
      ...topics.map(readTopic),
    ]);
    for (const [group, { count }] of dead) if (count > 0) topicsOf(group);
    return Array.from(groups, ([group, each]) => {
      const { count, oldestAt } = dead.get(group) ?? noneYet;
      const oldest = oldestAt === undefined ? undefined : new Date(oldestAt);
      const sorted = each.toSorted((a, b) => a.topic.localeCompare(b.topic));
      return { group, topics: sorted, deadLetters: { count, oldest } };
    }).toSorted((a, b) => a.group.localeCompare(b.group));
  } finally {
    await link.close({ deadlineAt: Date.now() + 1_000 });
  }
}

async function statusesOf(
  api: JetStreamManager,
  prefix: string,
  topic: string,
): Promise<[group: string, TopicStatus][]> {
  const statuses: [string, TopicStatus][] = [];
  for await (const consumer of api.consumers.list(streamName(prefix, topic))) {
    const group = consumer.config.metadata?.["fanfare.group"];
    if (group === undefined) continue;
    const { oldestAt, ...progress } = await progressOf(api, consumer, { prefix, topic, group });
    const oldest = oldestAt === undefined ? undefined : new Date(oldestAt);
    statuses.push([group, { ...progress, oldest, active: consumer.num_waiting > 0 }]);
  }
  return statuses;
}

async function readDead(
  api: JetStreamManager,
  prefix: string,
): Promise<Map<string, DeadLetterCount>> {
  const counts = new Map<string, DeadLetterCount>();
  for await (const { config, state } of api.streams.list(`${prefix}._dead.>`)) {
    const group = config.metadata?.["fanfare.group"];
    if (group === undefined || config.name !== deadStream(prefix, group)) continue;
    counts.set(group, countOf(state));
  }
  return counts;
}

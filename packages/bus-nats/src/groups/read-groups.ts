import { BusError, type DeadLetterCount } from "@fanfare/bus";
import type { JetStreamManager } from "@nats-io/jetstream";
import { callJetStream } from "../connection/call-jetstream.ts";
import { withConnection } from "../connection/with-connection.ts";
import { countDeadLetters, noDeadLetters } from "../dead-letters/count-dead-letters.ts";
import { formatDeadLetterStream } from "../dead-letters/dead-letter-subject.ts";
import type { NatsBrokerOptions } from "../nats-options.ts";
import { resolveSettings } from "../settings.ts";
import { formatStreamName } from "../wire/subject.ts";
import { readProgress } from "./read-progress.ts";

/** The state of one consumer group, over all of its processes. */
export interface GroupStatus {
  readonly group: string;
  readonly topics: readonly TopicStatus[];
  /** The dead letters that nobody has replayed or discarded. */
  readonly deadLetters: {
    readonly count: number;
    /** When the oldest was stored; undefined when there is none. */
    readonly oldest: Date | undefined;
  };
}

/** The state of a group on one topic. */
export interface TopicStatus {
  readonly topic: string;
  /** Events that are not delivered to any process of the group. */
  readonly pending: number;
  /** Events that are leased, or wait for their redelivery. */
  readonly inFlight: number;
  /** Events in flight that were delivered more than once. */
  readonly redelivered: number;
  /** Events that retention removed before the group had processed them, since it was declared. */
  readonly lost: number;
  /** When the oldest unacknowledged event was stored; undefined when all are acknowledged. */
  readonly oldest: Date | undefined;
  /** Whether a process of the group requests events at the moment. */
  readonly active: boolean;
}

/** The options of `readGroups`. */
export interface ReadGroupsOptions {
  readonly topics: readonly string[];
  /** The timeout of the whole call, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Reads the state of all groups of the topics, sorted by name, over a connection of its own. Skips
 * topics without a stream. A group whose consumers were deleted is listed while it has dead letters.
 *
 * @example
 * for (const { group, topics, deadLetters } of await readGroups({ servers }, { topics: ["trips.completed"] })) {
 *   const pending = topics.reduce((sum, topic) => sum + topic.pending, 0);
 *   console.log(`${group}: ${pending} pending, ${deadLetters.count} dead letters`);
 * }
 */
export async function readGroups(
  options: NatsBrokerOptions,
  { topics, timeoutMs = 10_000 }: ReadGroupsOptions,
): Promise<readonly GroupStatus[]> {
  const { prefix } = resolveSettings(options);
  return await withConnection(options, timeoutMs, async (connection, deadline) => {
    const groups = new Map<string, TopicStatus[]>();
    const getTopics = (group: string) => {
      const known = groups.get(group) ?? [];
      groups.set(group, known);
      return known;
    };
    const readTopic = async (topic: string) => {
      const about = `cannot read the groups of topic ${topic}`;
      try {
        const statuses = await callJetStream(connection, { about, deadline }, (api) =>
          readTopicStatuses(api, prefix, topic),
        );
        for (const [group, status] of statuses) getTopics(group).push(status);
      } catch (reason) {
        if (BusError.from(reason).code !== "not_provisioned") throw reason;
      }
    };
    const about = "cannot count the dead letters of groups";
    const [deadLetters] = await Promise.all([
      callJetStream(connection, { about, deadline }, (api) => readDeadLetterCounts(api, prefix)),
      ...topics.map(readTopic),
    ]);
    for (const [group, { count }] of deadLetters) if (count > 0) getTopics(group);
    return Array.from(groups, ([group, statuses]) => {
      const { count, oldestAt } = deadLetters.get(group) ?? noDeadLetters;
      const sorted = statuses.toSorted((a, b) => a.topic.localeCompare(b.topic));
      return { group, topics: sorted, deadLetters: { count, oldest: toDate(oldestAt) } };
    }).toSorted((a, b) => a.group.localeCompare(b.group));
  });
}

async function readTopicStatuses(
  api: JetStreamManager,
  prefix: string,
  topic: string,
): Promise<[group: string, TopicStatus][]> {
  const statuses: [string, TopicStatus][] = [];
  for await (const consumer of api.consumers.list(formatStreamName(prefix, topic))) {
    const group = consumer.config.metadata?.["fanfare.group"];
    if (group === undefined) continue;
    const { oldestAt, ...progress } = await readProgress(api, consumer, { prefix, topic, group });
    const active = consumer.num_waiting > 0;
    statuses.push([group, { ...progress, oldest: toDate(oldestAt), active }]);
  }
  return statuses;
}

async function readDeadLetterCounts(
  api: JetStreamManager,
  prefix: string,
): Promise<Map<string, DeadLetterCount>> {
  const counts = new Map<string, DeadLetterCount>();
  for await (const { config, state } of api.streams.list(`${prefix}._dead.>`)) {
    const group = config.metadata?.["fanfare.group"];
    if (group === undefined || config.name !== formatDeadLetterStream(prefix, group)) continue;
    counts.set(group, countDeadLetters(state));
  }
  return counts;
}

function toDate(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}

import { BusError } from "@fanfare/bus";
import type { JetStreamManager } from "@nats-io/jetstream";
import { callApi } from "./api.ts";
import { openLink } from "./link.ts";
import { progressOf } from "./progress.ts";
import { type NatsOptions, settingsOf } from "./settings.ts";
import { streamName } from "./subject.ts";

/** GroupStatus is how one group fares with one topic. */
export interface GroupStatus {
  readonly group: string;
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
  readonly listening: boolean;
}

export interface ReadGroupsOptions {
  readonly topics: readonly string[];
  /** How long all of it may take, in milliseconds. Default: 10,000. */
  readonly deadlineMs?: number;
}

/**
 * readGroups reads how every group of the topics fares, sorted by name, over a connection of its own.
 * A topic without a stream has none.
 */
export async function readGroups(
  options: NatsOptions,
  { topics, deadlineMs = 10_000 }: ReadGroupsOptions,
): Promise<readonly GroupStatus[]> {
  const until = { deadlineAt: Date.now() + deadlineMs };
  const { prefix } = settingsOf(options);
  const link = openLink(options);
  try {
    const found = await Promise.all(
      topics.map(async (topic) => {
        const about = `cannot read the groups of topic ${topic}`;
        try {
          return await callApi(link, { about, until }, (api) => readTopic(api, prefix, topic));
        } catch (reason) {
          if (BusError.from(reason).code === "not_provisioned") return [];
          throw reason;
        }
      }),
    );
    return found
      .flat()
      .toSorted((a, b) => a.group.localeCompare(b.group) || a.topic.localeCompare(b.topic));
  } finally {
    await link.close({ deadlineAt: Date.now() + 1_000 });
  }
}

async function readTopic(
  api: JetStreamManager,
  prefix: string,
  topic: string,
): Promise<GroupStatus[]> {
  const statuses: GroupStatus[] = [];
  for await (const consumer of api.consumers.list(streamName(prefix, topic))) {
    const group = consumer.config.metadata?.["fanfare.group"];
    if (group === undefined) continue;
    const about = { prefix, topic, group };
    const { oldestAt, ...progress } = await progressOf(api, consumer, about);
    const oldest = oldestAt === undefined ? undefined : new Date(oldestAt);
    statuses.push({ group, ...progress, oldest, listening: consumer.num_waiting > 0 });
  }
  return statuses;
}

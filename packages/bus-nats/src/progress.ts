import type { Broker, TopicProgress } from "@fanfare/bus";
import type { ConsumerInfo, JetStreamManager } from "@nats-io/jetstream";
import { callApi } from "./api.ts";
import { isMissing } from "./dead-record.ts";
import type { Link } from "./link.ts";
import type { Settings } from "./settings.ts";
import { consumerName, groupSubjects, streamName } from "./subject.ts";

/** createProgress returns the broker's `progress`: it asks each of the group's consumers. */
export function createProgress(link: Link, { prefix }: Settings): Broker["progress"] {
  return ({ group, topics }, { timeoutMs }) => {
    const until = { deadlineAt: Date.now() + timeoutMs };
    const about = `cannot ask how far group ${group} has come`;
    return callApi(link, { about, until }, (api) =>
      Promise.all(
        topics.map(async (topic) => {
          const info = await api.consumers.info(streamName(prefix, topic), consumerName(group));
          return await progressOf(api, info, { prefix, topic, group });
        }),
      ),
    );
  };
}

/** progressOf makes progress of what a consumer says, and looks up its oldest event. */
export async function progressOf(
  api: JetStreamManager,
  info: ConsumerInfo,
  about: { readonly prefix: string; readonly topic: string; readonly group: string },
): Promise<TopicProgress> {
  const { num_pending, num_ack_pending, num_redelivered } = info;
  return {
    topic: about.topic,
    pending: num_pending,
    inFlight: num_ack_pending,
    redelivered: num_redelivered,
    oldestAt: num_pending + num_ack_pending === 0 ? undefined : await oldestOf(api, info, about),
  };
}

/** The first event beyond what is acknowledged, published to all or replayed to this group. */
async function oldestOf(
  api: JetStreamManager,
  { stream_name, ack_floor }: ConsumerInfo,
  {
    prefix,
    topic,
    group,
  }: { readonly prefix: string; readonly topic: string; readonly group: string },
): Promise<number | undefined> {
  const seq = ack_floor.stream_seq + 1;
  const times = await Promise.all(
    groupSubjects(prefix, topic, group).map(async (subject) => {
      try {
        const message = await api.direct.getMessage(stream_name, { seq, next_by_subj: subject });
        return message?.time.getTime() ?? Infinity;
      } catch (reason) {
        // A stream of somebody else's making may not allow it: then nobody knows.
        if (isMissing(reason)) return Infinity;
        throw reason;
      }
    }),
  );
  const oldest = Math.min(...times);
  return oldest === Infinity ? undefined : oldest;
}

import type { Broker, TopicProgress } from "@fanfare/bus";
import type { ConsumerInfo, JetStreamManager } from "@nats-io/jetstream";
import { callJetStream } from "../connection/call-jetstream.ts";
import { isNotFound, isUnanswered } from "../connection/is-not-found.ts";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import { toBusError } from "../connection/to-bus-error.ts";
import { createDeadline } from "../deadline.ts";
import { computeLoss } from "../losses/compute-loss.ts";
import { readLossRecord } from "../losses/loss-record.ts";
import { readSnapshot } from "../losses/read-snapshot.ts";
import type { Settings } from "../settings.ts";
import { formatConsumerName, formatGroupSubjects, formatStreamName } from "../wire/subject.ts";
import type { GroupTopic } from "./group-topic.ts";

/** Creates the broker's `progress`, which reads it from the consumers of the group. */
export function createProgress(
  connection: ManagedConnection,
  { prefix }: Settings,
): Broker["progress"] {
  return ({ group, topics }, { timeoutMs }) => {
    const deadline = createDeadline(timeoutMs);
    const about = `cannot read the progress of group ${group}`;
    return callJetStream(connection, { about, deadline }, (api) =>
      Promise.all(
        topics.map(async (topic) => {
          const stream = formatStreamName(prefix, topic);
          const info = await api.consumers.info(stream, formatConsumerName(group));
          return await readProgress(api, info, { prefix, topic, group });
        }),
      ),
    );
  };
}

/** Returns the progress that a consumer reports, and reads when its oldest event was stored. */
export async function readProgress(
  api: JetStreamManager,
  info: ConsumerInfo,
  groupTopic: GroupTopic,
): Promise<TopicProgress> {
  const { num_pending, num_ack_pending, num_redelivered } = info;
  const isIdle = num_pending + num_ack_pending === 0;
  return {
    topic: groupTopic.topic,
    pending: num_pending,
    inFlight: num_ack_pending,
    redelivered: num_redelivered,
    lost: await readLost(api, info, groupTopic),
    oldestAt: isIdle ? undefined : await readOldest(api, info, groupTopic),
  };
}

/** Reads how many events the group has lost: what was counted, and what was removed since. */
async function readLost(
  api: JetStreamManager,
  info: ConsumerInfo,
  groupTopic: GroupTopic,
): Promise<number> {
  try {
    const { checkpoint } = await readLossRecord(api, groupTopic);
    const snapshot = await readSnapshot(api, info);
    return computeLoss(checkpoint, snapshot, { first: 0, repeated: 0 }).lost;
  } catch (reason) {
    // A user who may not look the stream up.
    if (toBusError(reason, "").code === "permission_denied") return 0;
    throw reason;
  }
}

/** Reads when the first event beyond the acknowledgement floor was stored, replays included. */
async function readOldest(
  api: JetStreamManager,
  { stream_name, ack_floor }: ConsumerInfo,
  { prefix, topic, group }: GroupTopic,
): Promise<number | undefined> {
  const seq = ack_floor.stream_seq + 1;
  const times = await Promise.all(
    formatGroupSubjects(prefix, topic, group).map(async (subject) => {
      try {
        const message = await api.direct.getMessage(stream_name, { seq, next_by_subj: subject });
        return message?.time.getTime() ?? Infinity;
      } catch (reason) {
        // Also a stream that somebody else created without allow_direct: then it is unknown.
        if (isNotFound(reason) || isUnanswered(reason)) return Infinity;
        throw reason;
      }
    }),
  );
  const oldest = Math.min(...times);
  return oldest === Infinity ? undefined : oldest;
}

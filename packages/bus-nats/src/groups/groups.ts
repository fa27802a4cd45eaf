import { BusError, type GroupDeclaration } from "@fanfare/bus";
import { callJetStream } from "../connection/call-jetstream.ts";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import type { Deadline } from "../deadline.ts";
import type { Settings } from "../settings.ts";
import type { TopicStreams } from "../streams/topic-streams.ts";
import { formatConsumerName, formatStreamName } from "../wire/subject.ts";
import { type AckTracker, createAckTracker } from "./ack-tracker.ts";
import { declareConsumer } from "./declare-consumer.ts";

/** The consumer groups of a broker: each is a durable consumer in the stream of each of its topics. */
export interface Groups {
  /** Creates or updates the consumers of a group, and the streams where `provision` allows it. */
  declare(group: GroupDeclaration, deadline: Deadline): Promise<void>;
  /** Returns what this process knows of a group's acknowledgements in one topic. */
  getAckTracker(group: string, topic: string): AckTracker;
  /** Reads the consumer's acknowledgement floor into the tracker. */
  confirm(group: string, topic: string, deadline: Deadline): Promise<void>;
  /**
   * Creates a deleted consumer again, and its stream, starting at the first event that is not known as
   * acknowledged. Rejects with `not_provisioned` when this process may not.
   */
  restore(group: GroupDeclaration, topic: string, deadline: Deadline): Promise<void>;
}

/** What groups require. */
export interface GroupsDeps {
  readonly connection: ManagedConnection;
  readonly settings: Settings;
  readonly streams: TopicStreams;
}

/** Creates the groups of a broker. */
export function createGroups({ connection, settings, streams }: GroupsDeps): Groups {
  const trackers = new Map<string, AckTracker>();

  const getAckTracker = (group: string, topic: string): AckTracker => {
    const key = `${group} ${topic}`;
    const tracker = trackers.get(key) ?? createAckTracker();
    trackers.set(key, tracker);
    return tracker;
  };

  const declareOnTopic = async (group: GroupDeclaration, topic: string, deadline: Deadline) => {
    const tracker = getAckTracker(group.group, topic);
    if (settings.provision) tracker.observeStream(await streams.ensure(topic, deadline));
    tracker.confirmUpTo(
      await declareConsumer({ connection, settings }, { group, topic, deadline }),
    );
  };

  return {
    getAckTracker,
    async declare(group, deadline) {
      await connection.connected(deadline);
      await Promise.all(group.topics.map((topic) => declareOnTopic(group, topic, deadline)));
    },
    async confirm(group, topic, deadline) {
      const stream = formatStreamName(settings.prefix, topic);
      const about = `cannot read the progress of group ${group}`;
      const info = await callJetStream(connection, { about, deadline }, (api) =>
        api.consumers.info(stream, formatConsumerName(group)),
      );
      getAckTracker(group, topic).confirmUpTo(info.ack_floor.stream_seq);
    },
    async restore(group, topic, deadline) {
      const tracker = getAckTracker(group.group, topic);
      try {
        tracker.observeStream(await streams.ensure(topic, deadline));
        const startSequence = tracker.findFirstUnacked();
        const declared = { group, topic, deadline, startSequence };
        await declareConsumer({ connection, settings }, declared);
        tracker.observeNewConsumer();
      } catch (reason) {
        const error = BusError.from(reason);
        if (error.code !== "permission_denied") throw error;
        const message = `the consumer of group ${group.group} on topic ${topic} is missing and this process may not create it: ${error.message}`;
        throw new BusError("not_provisioned", message, { cause: error });
      }
    },
  };
}

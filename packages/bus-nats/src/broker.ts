import { type Broker, type BrokerFeatures, type LeaseStream, systemClock } from "@fanfare/bus";
import { createDeadLetters } from "./dead-letters.ts";
import { createGroups } from "./groups.ts";
import { openLeaseStream } from "./lease-stream.ts";
import type { Link } from "./link.ts";
import { createProgress } from "./progress.ts";
import { createPublish } from "./publish.ts";
import { createPublishBatch } from "./publish-batch.ts";
import { openReplies } from "./replies.ts";
import { maxBatch, takesBatches } from "./server-version.ts";
import type { Settings } from "./settings.ts";
import { createStreams } from "./streams.ts";

/** createJetStreamBroker is the Broker over JetStream: a stream a topic, a consumer a group in it. */
export function createJetStreamBroker(link: Link, settings: Settings): Broker {
  const replies = openReplies(link, settings.inboxPrefix);
  const streams = createStreams(link, settings);
  const groups = createGroups({ link, settings, streams });
  const open = new Set<LeaseStream>();
  const deadline = () => ({ deadlineAt: Date.now() + settings.requestTimeoutMs });
  return {
    name: "jetstream",
    clock: systemClock,
    features: features(link, settings),
    append: createPublish({ link, replies, streams, settings }),
    appendAll: createPublishBatch({ link, replies, streams, settings }),
    declare: (group) => groups.declare(group, deadline()),
    async lease(group, receive) {
      const stream = openLeaseStream({ link, replies, groups, settings }, group, receive);
      open.add(stream);
      return {
        ...stream,
        async close() {
          open.delete(stream);
          await stream.close();
        },
      };
    },
    deadLetters: createDeadLetters(link, settings),
    progress: createProgress(link, settings),
    health() {
      const loss = streams.loss();
      return loss === undefined ? link.health() : { lastError: loss, ...link.health() };
    },
    async close() {
      const until = deadline();
      await Promise.all([...open].map((stream) => stream.close()));
      open.clear();
      await link.close(until);
    },
  };
}

function features(link: Link, settings: Settings): BrokerFeatures {
  return {
    durable: true,
    dedupeWindowMs: settings.dedupeWindowMs,
    get maxRecordBytes() {
      return link.connection()?.info?.max_payload;
    },
    get maxBatch() {
      const connection = link.connection();
      return connection === undefined || takesBatches(connection) ? maxBatch : undefined;
    },
  };
}

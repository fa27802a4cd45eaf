import { type Broker, type BrokerFeatures, type LeaseStream, systemClock } from "@fanfare/bus";
import { type ManagedConnection, openConnection } from "./connection/managed-connection.ts";
import { openRequestMux } from "./connection/request-mux.ts";
import { maxAtomicBatch, supportsAtomicBatches } from "./connection/supports-atomic-batches.ts";
import { openLeaseStream } from "./consume/lease-stream.ts";
import { createDeadLetterStore } from "./dead-letters/dead-letter-store.ts";
import { createDeadline } from "./deadline.ts";
import { createGroups } from "./groups/groups.ts";
import { createProgress } from "./groups/read-progress.ts";
import type { NatsBrokerOptions } from "./nats-options.ts";
import { createAppend } from "./publish/append.ts";
import { createAppendAll } from "./publish/append-all.ts";
import { resolveSettings, type Settings } from "./settings.ts";
import { createTopicStreams } from "./streams/topic-streams.ts";

/**
 * Creates a broker over JetStream, which connects in the background until it is closed. Each topic is
 * a stream, each consumer group a durable consumer in the streams of its topics. Throws
 * `invalid_argument` for options that cannot work; other failures show in `health()`.
 *
 * @example
 * import { createBus } from "@fanfare/bus";
 *
 * await using bus = createBus(createNatsBroker({ servers }), { source: "//trips.example.com" });
 */
export function createNatsBroker(options: NatsBrokerOptions): Broker {
  const settings = resolveSettings(options);
  return assembleBroker(openConnection(options), settings);
}

/** Assembles a broker over a connection, which it owns from now on. */
export function assembleBroker(connection: ManagedConnection, settings: Settings): Broker {
  const requests = openRequestMux(connection, settings.inboxPrefix);
  const streams = createTopicStreams(connection, settings);
  const groups = createGroups({ connection, settings, streams });
  const leaseStreams = new Set<LeaseStream>();
  const createOwnDeadline = () => createDeadline(settings.requestTimeoutMs);
  return {
    name: "jetstream",
    clock: systemClock,
    features: createFeatures(connection, settings),
    append: createAppend({ connection, requests, streams, settings }),
    appendAll: createAppendAll({ connection, requests, streams, settings }),
    declare: (group) => groups.declare(group, createOwnDeadline()),
    async lease(group, receive, onLost) {
      const stream = openLeaseStream({ connection, requests, groups, settings }, group, {
        receive,
        onLost,
      });
      leaseStreams.add(stream);
      return {
        ...stream,
        async close() {
          leaseStreams.delete(stream);
          await stream.close();
        },
      };
    },
    deadLetters: createDeadLetterStore(connection, settings),
    progress: createProgress(connection, settings),
    health() {
      const loss = streams.findLoss();
      const health = connection.health();
      return loss === undefined ? health : { lastError: loss, ...health };
    },
    async close() {
      const deadline = createOwnDeadline();
      await Promise.all(Array.from(leaseStreams, (stream) => stream.close()));
      leaseStreams.clear();
      await connection.close(deadline);
    },
  };
}

function createFeatures(connection: ManagedConnection, settings: Settings): BrokerFeatures {
  return {
    durable: true,
    dedupeWindowMs: settings.dedupeWindowMs,
    get maxRecordBytes() {
      return connection.client()?.info?.max_payload;
    },
    /** Assumes a current server until the first connection. */
    get maxBatch() {
      const client = connection.client();
      return client === undefined || supportsAtomicBatches(client) ? maxAtomicBatch : undefined;
    },
  };
}

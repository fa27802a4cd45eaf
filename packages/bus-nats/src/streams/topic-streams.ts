import { BusError } from "@fanfare/bus";
import { JetStreamApiCodes, type JetStreamManager, type StreamInfo } from "@nats-io/jetstream";
import { callJetStream } from "../connection/call-jetstream.ts";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import { supportsAtomicBatches } from "../connection/supports-atomic-batches.ts";
import { readApiCode, toBusError } from "../connection/to-bus-error.ts";
import { createDeadline, type Deadline, withDeadline } from "../deadline.ts";
import type { Settings } from "../settings.ts";
import { formatStreamName } from "../wire/subject.ts";
import { compareStream } from "./compare-stream.ts";
import { encodeStreamConfig } from "./encode-stream-config.ts";

/** What provisioning changes, or would change, for one topic. */
export interface TopicChange {
  readonly topic: string;
  readonly stream: string;
  /** "refuse": the stream exists and cannot, or must not, be updated to its declaration. */
  readonly action: "none" | "create" | "update" | "refuse";
  /** What differs, such as "max_age is 60 s, expected 120 s". */
  readonly differences: readonly string[];
}

/** How far to go when a stream is provisioned. */
export interface ProvisionStreamOptions {
  readonly deadline: Deadline;
  /** Returns the change without making it. Default: false. */
  readonly dryRun?: boolean;
  /** Allows updates that may delete events or forget their ids. Default: false. */
  readonly allowLoss?: boolean;
}

/** The streams of topics. */
export interface TopicStreams {
  /** Creates or updates the stream of a topic. Rejects with `drift` when it cannot be updated. */
  provision(topic: string, options: ProvisionStreamOptions): Promise<TopicChange>;
  /**
   * Resolves to the creation time of a topic's stream, which distinguishes it from a later stream of
   * the same name. Creates the stream where `provision` allows it, once for concurrent calls. Otherwise
   * rejects with `not_provisioned` when it is missing, and resolves to undefined when this process may
   * not look it up.
   */
  ensure(topic: string, deadline: Deadline): Promise<string | undefined>;
  /**
   * Returns `data_loss` for the last stream that was found to have been deleted, with its events, for an hour
   * after it was found.
   */
  findLoss(): BusError | undefined;
}

const lossShownMs = 3_600_000;

/** Creates the streams of topics as the settings declare them. */
export function createTopicStreams(
  connection: ManagedConnection,
  settings: Settings,
): TopicStreams {
  const ensuring = new Map<string, Promise<string | undefined>>();
  /** The streams that this process may not look up. */
  const hidden = new Set<string>();
  const creationTimes = new Map<string, string>();
  let loss: { readonly error: BusError; readonly foundAt: number } | undefined;

  /** Compares the stream's creation time with the last known one, to detect that it was deleted. */
  const observe = (topic: string, { config, created }: StreamInfo): string => {
    const before = creationTimes.get(topic);
    if (before !== undefined && before !== created) {
      const message = `stream ${config.name} of topic ${topic}, created at ${before}, was deleted with its events; a new one exists since ${created}`;
      loss = { error: new BusError("data_loss", message), foundAt: performance.now() };
    }
    creationTimes.set(topic, created);
    return created;
  };

  const provision = (topic: string, options: ProvisionStreamOptions): Promise<TopicChange> => {
    const stream = formatStreamName(settings.prefix, topic);
    const about = `cannot provision stream ${stream} of topic ${topic}`;
    return callJetStream(connection, { about, deadline: options.deadline }, async (api) => {
      const found = await findStream(api, stream);
      if (found !== undefined) return await update(api, { topic, found, options });
      if (options.dryRun !== true) {
        const config = {
          ...encodeStreamConfig(settings.prefix, topic, settings.getStreamSettings(topic)),
          ...(supportsAtomicBatches(connection.client()) ? { allow_atomic: true } : {}),
        };
        const created = await api.streams.add(config).catch(ignoreNameInUse);
        if (created === undefined) {
          const other = await api.streams.info(stream);
          return await update(api, { topic, found: other, options });
        }
        observe(topic, created);
      }
      return { topic, stream, action: "create", differences: [] };
    });
  };

  const update = async (
    api: JetStreamManager,
    {
      topic,
      found,
      options,
    }: {
      readonly topic: string;
      readonly found: StreamInfo;
      readonly options: ProvisionStreamOptions;
    },
  ): Promise<TopicChange> => {
    const stream = found.config.name;
    observe(topic, found);
    const drift = compareStream(found.config, {
      prefix: settings.prefix,
      topic,
      settings: settings.getStreamSettings(topic),
      allowsBatches: supportsAtomicBatches(connection.client()),
    });
    const { dryRun = false, allowLoss = false } = options;
    const refused = allowLoss ? drift.refused : [...drift.refused, ...drift.lossy];
    if (refused.length > 0) {
      if (dryRun) return { topic, stream, action: "refuse", differences: refused };
      throw new BusError("drift", `stream ${stream} of topic ${topic}: ${refused.join("; ")}`);
    }
    const { differences } = drift;
    if (differences.length === 0) return { topic, stream, action: "none", differences };
    if (!dryRun) await api.streams.update(stream, drift.update);
    return { topic, stream, action: "update", differences };
  };

  const findOrCreate = async (topic: string, deadline: Deadline): Promise<string | undefined> => {
    const stream = formatStreamName(settings.prefix, topic);
    if (hidden.has(stream)) return undefined;
    const missing = `stream ${stream} of topic ${topic} is missing and this process may not create it: provision it`;
    try {
      if (settings.provision) {
        await provision(topic, { deadline });
        return creationTimes.get(topic) ?? "";
      }
      const about = `cannot look up stream ${stream}`;
      const info = await callJetStream(connection, { about, deadline }, (api) =>
        findStream(api, stream),
      );
      if (info === undefined) throw new BusError("not_provisioned", missing);
      return observe(topic, info);
    } catch (reason) {
      const error = toBusError(reason, missing);
      if (error.code !== "permission_denied") throw error;
      if (!settings.provision) {
        hidden.add(stream);
        return undefined;
      }
      throw new BusError("not_provisioned", `${missing} (${error.message})`, { cause: error });
    }
  };

  return {
    provision,
    findLoss() {
      if (loss !== undefined && performance.now() - loss.foundAt >= lossShownMs) loss = undefined;
      return loss?.error;
    },
    ensure(topic, deadline) {
      let running = ensuring.get(topic);
      if (running === undefined) {
        const own = createDeadline(settings.requestTimeoutMs);
        running = findOrCreate(topic, own).finally(() => ensuring.delete(topic));
        ensuring.set(topic, running);
      }
      return withDeadline(running, deadline, `cannot create the stream of topic ${topic}`);
    },
  };
}

async function findStream(api: JetStreamManager, stream: string): Promise<StreamInfo | undefined> {
  try {
    return await api.streams.info(stream);
  } catch (reason) {
    if (readApiCode(reason) !== JetStreamApiCodes.StreamNotFound) throw reason;
    return undefined;
  }
}

const nameInUse = 10058;

/** Returns undefined when another process has just created the stream, with other settings. */
function ignoreNameInUse(reason: unknown): undefined {
  if (readApiCode(reason) === nameInUse) return undefined;
  throw reason;
}

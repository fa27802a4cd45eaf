import { BusError } from "@fanfare/bus";
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StreamInfo,
} from "@nats-io/jetstream";
import { callApi } from "./api.ts";
import { toBusError } from "./errors.ts";
import type { Link } from "./link.ts";
import { takesBatches } from "./server-version.ts";
import type { Settings } from "./settings.ts";
import { streamDrift } from "./stream-drift.ts";
import { newStream } from "./stream-settings.ts";
import { streamName } from "./subject.ts";
import { type Until, within } from "./until.ts";

/** TopicChange is what provisioning did, or would do, for one topic. */
export interface TopicChange {
  readonly topic: string;
  readonly stream: string;
  /** "refuse": the stream is there and cannot, or must not, be made what is declared. */
  readonly action: "none" | "create" | "update" | "refuse";
  /** What differs, such as "max_age is 60 s and is to be 120 s". */
  readonly differences: readonly string[];
}

interface StreamOptions {
  readonly until: Until;
  /** Say what would change, and change nothing. */
  readonly dryRun?: boolean;
  /** Allow updates that may delete events or forget their ids. */
  readonly allowLoss?: boolean;
}

/** Streams makes the streams of topics. */
export interface Streams {
  /** Makes the stream of a topic or brings it up to date; rejects with `drift` when it cannot. */
  provision(topic: string, options: StreamOptions): Promise<TopicChange>;
  /**
   * Makes sure that the stream of a topic is there, asked by many at a time but done once. Resolves
   * with when it was made, which tells one stream from the next of its name. Rejects with
   * `not_provisioned` when it is missing and may not be made here.
   */
  ensure(topic: string, until: Until): Promise<string>;
  /** The last stream that turned out to have been deleted, with its events, as `data_loss`. */
  loss(): BusError | undefined;
}

/** createStreams makes streams over a link, as the settings say. */
export function createStreams(link: Link, settings: Settings): Streams {
  const running = new Map<string, Promise<string>>();
  const created = new Map<string, string>();
  let loss: BusError | undefined;

  const note = (topic: string, info: StreamInfo): string => {
    const before = created.get(topic);
    if (before !== undefined && before !== info.created) {
      const message = `stream ${info.config.name} of topic ${topic}, made at ${before}, was deleted with the events it held; there is another since ${info.created}`;
      loss = new BusError("data_loss", message);
    }
    created.set(topic, info.created);
    return info.created;
  };

  const provision = (topic: string, options: StreamOptions): Promise<TopicChange> => {
    const stream = streamName(settings.prefix, topic);
    const about = `cannot provision stream ${stream} of topic ${topic}`;
    return callApi(link, { about, until: options.until }, async (api) => {
      const found = await findStream(api, stream);
      if (found !== undefined) return await bringUpToDate(api, { topic, found, options });
      if (options.dryRun !== true) {
        const wanted = {
          ...newStream(settings.prefix, topic, settings.streamSettings(topic)),
          ...(takesBatches(link.connection()) ? { allow_atomic: true } : {}),
        };
        const made = await api.streams.add(wanted).catch(noneWhenTaken);
        if (made !== undefined) note(topic, made);
        else {
          const rival = await api.streams.info(stream);
          return await bringUpToDate(api, { topic, found: rival, options });
        }
      }
      return { topic, stream, action: "create", differences: [] };
    });
  };

  const bringUpToDate = async (
    api: JetStreamManager,
    { topic, found, options }: { topic: string; found: StreamInfo; options: StreamOptions },
  ): Promise<TopicChange> => {
    const stream = found.config.name;
    note(topic, found);
    const drift = streamDrift(found.config, {
      prefix: settings.prefix,
      topic,
      settings: settings.streamSettings(topic),
      batches: takesBatches(link.connection()),
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

  const make = async (topic: string, until: Until) => {
    const stream = streamName(settings.prefix, topic);
    const missing = `stream ${stream} of topic ${topic} is missing and this process may not make it: provision it`;
    try {
      if (settings.provision) {
        await provision(topic, { until });
        return created.get(topic) ?? "";
      }
      const about = `cannot look for stream ${stream}`;
      const info = await callApi(link, { about, until }, (api) => findStream(api, stream));
      if (info === undefined) throw new BusError("not_provisioned", missing);
      return note(topic, info);
    } catch (reason) {
      const error = toBusError(reason, missing);
      if (error.code !== "permission_denied") throw error;
      throw new BusError("not_provisioned", `${missing} (${error.message})`, { cause: error });
    }
  };

  return {
    provision,
    loss: () => loss,
    ensure(topic, until) {
      let making = running.get(topic);
      if (making === undefined) {
        const deadlineAt = Date.now() + settings.requestTimeoutMs;
        making = make(topic, { deadlineAt }).finally(() => running.delete(topic));
        running.set(topic, making);
      }
      return within(making, `making the stream of topic ${topic}`, until);
    },
  };
}

async function findStream(api: JetStreamManager, stream: string): Promise<StreamInfo | undefined> {
  try {
    return await api.streams.info(stream);
  } catch (reason) {
    if (!(reason instanceof JetStreamApiError)) throw reason;
    if (reason.code !== JetStreamApiCodes.StreamNotFound) throw reason;
    return undefined;
  }
}

const nameInUse = 10058;

/** Nothing when another process has just made the stream, with other settings. */
function noneWhenTaken(reason: unknown): undefined {
  if (reason instanceof JetStreamApiError && reason.code === nameInUse) return undefined;
  throw reason;
}

import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import { formatStreamName, formatStreamSubjects } from "../wire/subject.ts";
import { defaultStreamSettings, type StreamSettings } from "./stream-settings.ts";

/** The fields of JetStream's configuration that can be updated freely. */
export type StreamLimits = Pick<
  StreamConfig,
  | "max_age"
  | "max_bytes"
  | "max_msgs"
  | "max_msg_size"
  | "discard"
  | "duplicate_window"
  | "num_replicas"
  | "compression"
>;

const compressions = { none: StoreCompression.None, s2: StoreCompression.S2 };
const discardPolicies = { refuse: DiscardPolicy.New, "delete-oldest": DiscardPolicy.Old };
const retentionPolicies = { limits: RetentionPolicy.Limits, interest: RetentionPolicy.Interest };
const storageTypes = { file: StorageType.File, memory: StorageType.Memory };

/** Translates the limits that are declared; omits the others. */
export function encodeStreamLimits(settings: StreamSettings): Partial<StreamLimits> {
  const { maxAgeMs, maxBytes, maxEvents, whenFull, dedupeWindowMs, replicas } = settings;
  const { compression, maxEventBytes } = settings;
  return {
    ...(maxAgeMs === undefined ? {} : { max_age: nanos(maxAgeMs) }),
    ...(maxBytes === undefined ? {} : { max_bytes: maxBytes }),
    ...(maxEvents === undefined ? {} : { max_msgs: maxEvents }),
    ...(whenFull === undefined ? {} : { discard: discardPolicies[whenFull] }),
    ...(dedupeWindowMs === undefined ? {} : { duplicate_window: nanos(dedupeWindowMs) }),
    ...(replicas === undefined ? {} : { num_replicas: replicas }),
    ...(compression === undefined ? {} : { compression: compressions[compression] }),
    ...(maxEventBytes === undefined ? {} : { max_msg_size: maxEventBytes }),
  };
}

/** Translates storage and retention, with their defaults. */
export function encodeStreamKind({
  storage = defaultStreamSettings.storage,
  retention = defaultStreamSettings.retention,
}: StreamSettings): Pick<StreamConfig, "storage" | "retention"> {
  return { storage: storageTypes[storage], retention: retentionPolicies[retention] };
}

/** Returns the configuration of a new stream for a topic. */
export function encodeStreamConfig(prefix: string, topic: string, settings: StreamSettings) {
  return {
    name: formatStreamName(prefix, topic),
    description: `Events of topic ${topic}`,
    subjects: formatStreamSubjects(prefix, topic),
    metadata: { "fanfare.topic": topic },
    ...encodeStreamKind(settings),
    allow_direct: true,
    ...encodeStreamLimits(addDefaults(settings)),
  } satisfies Partial<StreamConfig>;
}

/** JetStream refuses a deduplication window that is longer than the maximum age. */
function addDefaults(settings: StreamSettings): StreamSettings {
  const all = { ...defaultStreamSettings, ...settings };
  const maxAgeMs = all.maxAgeMs === 0 ? Infinity : all.maxAgeMs;
  const { dedupeWindowMs = Math.min(all.dedupeWindowMs, maxAgeMs) } = settings;
  return { ...all, dedupeWindowMs };
}

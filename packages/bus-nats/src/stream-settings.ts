import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import { streamName, streamSubjects } from "./subject.ts";

/**
 * StreamSettings are the limits of a topic's stream. What is left out gets its default when the
 * stream is made, and is left as it is afterwards.
 */
export interface StreamSettings {
  /** How long events are kept, in milliseconds; 0 for ever. Default: 30 days. */
  readonly maxAgeMs?: number;
  /** How much the stream holds, in bytes; -1 for as much as the server allows. Default: -1. */
  readonly maxBytes?: number;
  /** How many events the stream holds; -1 for any number. Default: -1. */
  readonly maxEvents?: number;
  /** What a full stream does: refuse new events, or delete the oldest. Default: "refuse". */
  readonly whenFull?: "refuse" | "delete-oldest";
  /**
   * How long ids are remembered, in milliseconds. The server holds them in memory, some 100 bytes
   * each. Default: 10 minutes.
   */
  readonly dedupeWindowMs?: number;
  /** On how many servers of a cluster each event is stored: 1, 3 or 5. Default: 1. */
  readonly replicas?: number;
  /** Where events are kept. In memory they are gone when the server ends. Default: "file". */
  readonly storage?: "file" | "memory";
  /**
   * Until when events are kept: for as long as the limits let them, or until every group has handled
   * them. With the latter, what no group is declared for is not kept at all, and a group that comes
   * later finds what the others have left. Default: "limits".
   */
  readonly retention?: "limits" | "handled";
  /** Whether events are compressed on disk, at the cost of the server's time. Default: "none". */
  readonly compression?: "none" | "s2";
  /** The largest event, payload and headers, in bytes; -1 for the server's own limit. Default: -1. */
  readonly maxEventBytes?: number;
}

/** defaultStreamSettings are what a stream is made with where nothing else is said. */
export const defaultStreamSettings: Required<StreamSettings> = {
  maxAgeMs: 30 * 24 * 60 * 60 * 1_000,
  maxBytes: -1,
  maxEvents: -1,
  whenFull: "refuse",
  dedupeWindowMs: 10 * 60 * 1_000,
  replicas: 1,
  storage: "file",
  retention: "limits",
  compression: "none",
  maxEventBytes: -1,
};

/** StreamLimits are the settings as JetStream has them. */
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

/** streamLimits translates the settings that are given. */
export function streamLimits(settings: StreamSettings): Partial<StreamLimits> {
  const { maxAgeMs, maxBytes, maxEvents, whenFull, dedupeWindowMs, replicas } = settings;
  const { compression, maxEventBytes } = settings;
  return {
    ...(maxAgeMs === undefined ? {} : { max_age: nanos(maxAgeMs) }),
    ...(maxBytes === undefined ? {} : { max_bytes: maxBytes }),
    ...(maxEvents === undefined ? {} : { max_msgs: maxEvents }),
    ...(whenFull === undefined ? {} : { discard: discardPolicy(whenFull) }),
    ...(dedupeWindowMs === undefined ? {} : { duplicate_window: nanos(dedupeWindowMs) }),
    ...(replicas === undefined ? {} : { num_replicas: replicas }),
    ...(compression === undefined ? {} : { compression: compressions[compression] }),
    ...(maxEventBytes === undefined ? {} : { max_msg_size: maxEventBytes }),
  };
}

/** streamKind is what a stream is besides its limits. */
export function streamKind({
  storage = "file",
  retention = "limits",
}: StreamSettings): Pick<StreamConfig, "storage" | "retention"> {
  return {
    storage: storage === "file" ? StorageType.File : StorageType.Memory,
    retention: retention === "limits" ? RetentionPolicy.Limits : RetentionPolicy.Interest,
  };
}

/** newStream is the configuration that the stream of a topic is made with. */
export function newStream(prefix: string, topic: string, settings: StreamSettings) {
  return {
    name: streamName(prefix, topic),
    description: `Events of topic ${topic}`,
    subjects: streamSubjects(prefix, topic),
    metadata: { "fanfare.topic": topic },
    ...streamKind(settings),
    allow_direct: true,
    ...streamLimits(withDefaults(settings)),
  } satisfies Partial<StreamConfig>;
}

/** Ids cannot be remembered for longer than events are kept. */
function withDefaults(settings: StreamSettings): StreamSettings {
  const all = { ...defaultStreamSettings, ...settings };
  const keptMs = all.maxAgeMs === 0 ? Infinity : all.maxAgeMs;
  const { dedupeWindowMs = Math.min(all.dedupeWindowMs, keptMs) } = settings;
  return { ...all, dedupeWindowMs };
}

const compressions = { none: StoreCompression.None, s2: StoreCompression.S2 };

function discardPolicy(whenFull: "refuse" | "delete-oldest"): DiscardPolicy {
  return whenFull === "refuse" ? DiscardPolicy.New : DiscardPolicy.Old;
}

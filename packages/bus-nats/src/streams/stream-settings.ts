/**
 * The settings of a topic's stream. A setting that is omitted takes its default when the stream is
 * created, and is left as it is on a stream that exists.
 */
export interface StreamSettings {
  /** How long events are kept, in milliseconds; 0 for ever. Default: 30 days. */
  readonly maxAgeMs?: number;
  /** The size of the stream, in bytes; -1 for as much as the server allows. Default: -1. */
  readonly maxBytes?: number;
  /** The most events in the stream; -1 for any number. Default: -1. */
  readonly maxEvents?: number;
  /** What a full stream does: refuse new events, or delete the oldest ones. Default: "refuse". */
  readonly whenFull?: "refuse" | "delete-oldest";
  /**
   * The deduplication window: how long the server remembers ids, in milliseconds. Each takes some 100
   * bytes of its memory. Default: 10 minutes.
   */
  readonly dedupeWindowMs?: number;
  /** How many servers of a cluster store each event: 1, 3 or 5. Default: 1. */
  readonly replicas?: number;
  /** Where events are stored. A restart of the server loses those in memory. Default: "file". */
  readonly storage?: "file" | "memory";
  /**
   * JetStream's retention policy. With "limits", events are kept until a limit removes them. With
   * "interest", an event is removed once every declared group has acknowledged it: events of a topic
   * without groups are not kept at all, and a later group misses what the others have acknowledged.
   * Default: "limits".
   */
  readonly retention?: "limits" | "interest";
  /** The compression on disk; s2 costs the server some CPU time. Default: "none". */
  readonly compression?: "none" | "s2";
  /** The largest event, payload and headers, in bytes; -1 for the server's own limit. Default: -1. */
  readonly maxEventBytes?: number;
}

/** The settings of a new stream, unless declared otherwise. */
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

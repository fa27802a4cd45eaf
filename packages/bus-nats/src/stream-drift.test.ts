import type { StreamConfig } from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import { describe, expect, it } from "vitest";
import { streamDrift } from "./stream-drift.ts";
import type { StreamSettings } from "./stream-settings.ts";
import { streamSubjects } from "./subject.ts";

const found = (about: Partial<StreamConfig> = {}): StreamConfig => ({
  name: "fanfare_a_b",
  subjects: streamSubjects("fanfare", "a.b"),
  retention: "limits",
  storage: "file",
  max_age: nanos(60_000),
  max_bytes: 1_000,
  max_msgs: -1,
  discard: "new",
  duplicate_window: nanos(1_000),
  num_replicas: 1,
  allow_direct: true,
  max_consumers: -1,
  sealed: false,
  first_seq: 0,
  allow_msg_counter: false,
  persist_mode: "default",
  max_msgs_per_subject: -1,
  max_msg_size: -1,
  compression: "none",
  discard_new_per_subject: false,
  allow_rollup_hdrs: false,
  deny_delete: false,
  deny_purge: false,
  mirror_direct: false,
  ...about,
});
const drift = (config: StreamConfig, settings: StreamSettings = {}) =>
  streamDrift(config, { prefix: "fanfare", topic: "a.b", settings });

describe("streamDrift()", () => {
  it("finds nothing where nothing else is said", () => {
    expect(drift(found())).toEqual({ update: {}, differences: [], refused: [], lossy: [] });
  });

  it("updates compression and the largest event, losing nothing", () => {
    const { update, differences, refused, lossy } = drift(found({ max_msg_size: 2_000 }), {
      compression: "s2",
      maxEventBytes: 1_000,
    });
    expect(update).toEqual({ compression: "s2", max_msg_size: 1_000 });
    expect(differences).toEqual([
      "compression is none and is to be s2",
      "max_msg_size is 2000 and is to be 1000",
    ]);
    expect([...refused, ...lossy]).toEqual([]);
  });

  it("names a storage that differs, and never changes it", () => {
    const { update, refused } = drift(found({ storage: "memory" }), {});
    expect(refused).toEqual(["storage is memory and must be file"]);
    expect(update).toEqual({});
    expect(drift(found({ storage: "memory" }), { storage: "memory" }).refused).toEqual([]);
    expect(drift(found(), { storage: "memory" }).refused).toEqual([
      "storage is file and must be memory",
    ]);
  });

  it("changes retention where that is said, and tells when it may lose events", () => {
    const handled = drift(found(), { retention: "handled" });
    expect(handled).toEqual({
      update: { retention: "interest" },
      differences: ["retention is limits and is to be interest"],
      refused: [],
      lossy: ["retention is limits and is to be interest"],
    });
    expect(drift(found({ retention: "interest" }), { retention: "limits" })).toMatchObject({
      update: { retention: "limits" },
      lossy: [],
    });
    expect(drift(found({ retention: "interest" })).refused).toEqual([
      "retention is interest and must be limits",
    ]);
    const queue = found({ retention: "workqueue" });
    expect(drift(queue, { retention: "handled" })).toMatchObject({
      update: {},
      refused: ["retention is workqueue and is to be interest"],
    });
  });

  it("makes streams take batches where the server can", () => {
    const config = found();
    const declared = { prefix: "fanfare", topic: "a.b", settings: {}, batches: true };
    expect(streamDrift(config, declared)).toMatchObject({
      update: { allow_atomic: true },
      differences: ["allow_atomic is false and is to be true"],
    });
    expect(streamDrift({ ...config, allow_atomic: true }, declared).differences).toEqual([]);
  });

  it("updates limits, and tells those that may lose events", () => {
    const settings = { maxAgeMs: 30_000, maxBytes: 2_000, maxEvents: 5 };
    const { update, differences, lossy } = drift(found(), settings);
    expect(update).toEqual({ max_age: nanos(30_000), max_bytes: 2_000, max_msgs: 5 });
    expect(differences).toEqual([
      "max_age is 60 s and is to be 30 s",
      "max_bytes is 1000 and is to be 2000",
      "max_msgs is unlimited and is to be 5",
    ]);
    expect(lossy).toEqual([differences[0], differences[2]]);
  });

  it("takes no limit for more than any", () => {
    expect(drift(found(), { maxAgeMs: 0, maxBytes: -1 }).lossy).toEqual([]);
  });

  it("adds subjects that are missing and keeps those that are not ours", () => {
    const { update, differences } = drift(found({ subjects: ["fanfare.a.b.*", "mine"] }));
    expect(update.subjects).toEqual(["fanfare.a.b.*", "mine", "fanfare.a.b._replay.*"]);
    expect(differences).toEqual(["subjects lack fanfare.a.b._replay.*"]);
  });

  it("refuses a stream that could lose events by its nature", () => {
    const wrong = found({ storage: "memory", retention: "interest", no_ack: true });
    expect(drift(wrong).refused).toEqual([
      "storage is memory and must be file",
      "retention is interest and must be limits",
      "no_ack is true and must be false",
    ]);
  });
});

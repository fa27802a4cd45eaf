import type { StreamConfig } from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import { describe, expect, it } from "vitest";
import { formatStreamSubjects } from "../wire/subject.ts";
import { compareStream } from "./compare-stream.ts";
import type { StreamSettings } from "./stream-settings.ts";

const createConfig = (about: Partial<StreamConfig> = {}): StreamConfig => ({
  name: "fanfare_a_b",
  subjects: formatStreamSubjects("fanfare", "a.b"),
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
const compare = (config: StreamConfig, settings: StreamSettings = {}) =>
  compareStream(config, { prefix: "fanfare", topic: "a.b", settings });

describe("compareStream()", () => {
  it("finds no drift when nothing else is declared", () => {
    expect(compare(createConfig())).toEqual({
      update: {},
      differences: [],
      refused: [],
      lossy: [],
    });
  });

  it("updates compression and the largest event without loss", () => {
    const { update, differences, refused, lossy } = compare(createConfig({ max_msg_size: 2_000 }), {
      compression: "s2",
      maxEventBytes: 1_000,
    });
    expect(update).toEqual({ compression: "s2", max_msg_size: 1_000 });
    expect(differences).toEqual([
      "compression is none, expected s2",
      "max_msg_size is 2000, expected 1000",
    ]);
    expect([...refused, ...lossy]).toEqual([]);
  });

  it("refuses to change the storage", () => {
    const { update, refused } = compare(createConfig({ storage: "memory" }), {});
    expect(refused).toEqual(["storage is memory, expected file"]);
    expect(update).toEqual({});
    expect(compare(createConfig({ storage: "memory" }), { storage: "memory" }).refused).toEqual([]);
    expect(compare(createConfig(), { storage: "memory" }).refused).toEqual([
      "storage is file, expected memory",
    ]);
  });

  it("changes a declared retention, and reports when that may lose events", () => {
    const interest = compare(createConfig(), { retention: "interest" });
    expect(interest).toEqual({
      update: { retention: "interest" },
      differences: ["retention is limits, expected interest"],
      refused: [],
      lossy: ["retention is limits, expected interest"],
    });
    expect(compare(createConfig({ retention: "interest" }), { retention: "limits" })).toMatchObject(
      {
        update: { retention: "limits" },
        lossy: [],
      },
    );
    expect(compare(createConfig({ retention: "interest" })).refused).toEqual([
      "retention is interest, expected limits",
    ]);
    const queue = createConfig({ retention: "workqueue" });
    expect(compare(queue, { retention: "interest" })).toMatchObject({
      update: {},
      refused: ["retention is workqueue, expected interest"],
    });
  });

  it("allows atomic batches when the server supports them", () => {
    const config = createConfig();
    const declared = { prefix: "fanfare", topic: "a.b", settings: {}, allowsBatches: true };
    expect(compareStream(config, declared)).toMatchObject({
      update: { allow_atomic: true },
      differences: ["allow_atomic is false, expected true"],
    });
    expect(compareStream({ ...config, allow_atomic: true }, declared).differences).toEqual([]);
  });

  it("updates limits, and reports those that may lose events", () => {
    const settings = { maxAgeMs: 30_000, maxBytes: 2_000, maxEvents: 5 };
    const { update, differences, lossy } = compare(createConfig(), settings);
    expect(update).toEqual({ max_age: nanos(30_000), max_bytes: 2_000, max_msgs: 5 });
    expect(differences).toEqual([
      "max_age is 60 s, expected 30 s",
      "max_bytes is 1000, expected 2000",
      "max_msgs is unlimited, expected 5",
    ]);
    expect(lossy).toEqual([differences[0], differences[2]]);
  });

  it("treats no limit as more than any number", () => {
    expect(compare(createConfig(), { maxAgeMs: 0, maxBytes: -1 }).lossy).toEqual([]);
  });

  it("adds missing subjects and keeps foreign ones", () => {
    const { update, differences } = compare(createConfig({ subjects: ["fanfare.a.b.*", "mine"] }));
    expect(update.subjects).toEqual(["fanfare.a.b.*", "mine", "fanfare.a.b._replay.*"]);
    expect(differences).toEqual(["subjects lack fanfare.a.b._replay.*"]);
  });

  it("refuses a stream whose kind may lose events", () => {
    const wrong = createConfig({ storage: "memory", retention: "interest", no_ack: true });
    expect(compare(wrong).refused).toEqual([
      "storage is memory, expected file",
      "retention is interest, expected limits",
      "no_ack is true, expected false",
    ]);
  });
});

import type { Nats } from "@fanfare/dev-stack";
import { nanos } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openAdmin } from "../../test/admin.ts";
import { startOwnNats } from "../../test/nats-server.ts";
import { append, openBroker } from "../../test/open-broker.ts";
import type { StreamSettings } from "../streams/stream-settings.ts";
import { provisionGroups } from "./provision-groups.ts";
import { provisionTopics } from "./provision-topics.ts";

const topic = "things.made";
const hourMs = 3_600_000;

describe("provisionTopics()", { timeout: 60_000 }, () => {
  let nats: Nats;
  beforeAll(async () => {
    nats = await startOwnNats();
  }, 120_000);
  afterAll(() => nats?.stop());

  const options = (prefix: string, streams: StreamSettings = {}) => ({
    servers: nats.url,
    prefix,
    streams,
  });

  it("creates what is missing, as planned, and nothing twice", async () => {
    const plan = [
      { topic: "a", stream: "plan_a", action: "create", differences: [] },
      { topic: "b.c", stream: "plan_b_c", action: "create", differences: [] },
    ];
    const topics = ["a", "b.c"];
    expect(await provisionTopics(options("plan"), { topics, dryRun: true })).toEqual(plan);
    expect(await provisionTopics(options("plan"), { topics })).toEqual(plan);
    const again = await provisionTopics(options("plan"), { topics });
    expect(again.map(({ action }) => action)).toEqual(["none", "none"]);
  });

  it("creates streams that store events on disk and refuse new ones when full", async () => {
    await provisionTopics(options("made", { maxAgeMs: hourMs, dedupeWindowMs: 60_000 }), {
      topics: [topic],
    });
    await using admin = await openAdmin(nats.url);
    const { config } = await admin.streams.info("made_things_made");
    expect(config).toMatchObject({
      subjects: ["made.things.made.*", "made.things.made._replay.*"],
      storage: "file",
      retention: "limits",
      discard: "new",
      max_age: nanos(hourMs),
      duplicate_window: nanos(60_000),
      num_replicas: 1,
    });
  });

  it("creates streams as declared, and updates what loses nothing", async () => {
    const settings: StreamSettings = {
      storage: "memory",
      retention: "interest",
      maxEventBytes: 2_000,
      maxBytes: 1_000_000,
      maxEvents: 1_000,
      whenFull: "delete-oldest",
    };
    await provisionTopics(options("set", settings), { topics: [topic] });
    await using admin = await openAdmin(nats.url);
    const config = async () => (await admin.streams.info("set_things_made")).config;
    expect(await config()).toMatchObject({
      storage: "memory",
      retention: "interest",
      max_msg_size: 2_000,
      max_bytes: 1_000_000,
      max_msgs: 1_000,
      discard: "old",
      compression: "none",
    });
    const changed: StreamSettings = { storage: "memory", retention: "limits", maxEventBytes: -1 };
    expect(await provisionTopics(options("set", changed), { topics: [topic] })).toMatchObject([
      {
        action: "update",
        differences: [
          "retention is interest, expected limits",
          "max_msg_size is 2000, expected unlimited",
        ],
      },
    ]);
    expect(await config()).toMatchObject({ retention: "limits", max_msg_size: -1 });
    const onDisk = provisionTopics(options("set"), { topics: [topic] });
    await expect(onDisk).rejects.toMatchObject({
      code: "drift",
      message: expect.stringContaining("storage is memory, expected file"),
    });
    const compressed = options("squeezed", { compression: "s2" });
    await provisionTopics(compressed, { topics: [topic] });
    expect((await admin.streams.info("squeezed_things_made")).config.compression).toBe("s2");
  });

  it("refuses a change of retention that may lose events", async () => {
    const limits = options("kept");
    await provisionTopics(limits, { topics: [topic] });
    await using broker = openBroker(limits);
    await append(broker, "1");
    const interest = options("kept", { retention: "interest" });
    await expect(provisionTopics(interest, { topics: [topic] })).rejects.toMatchObject({
      code: "drift",
      message: expect.stringContaining("retention is limits, expected interest"),
    });
    await using admin = await openAdmin(nats.url);
    expect((await admin.streams.info("kept_things_made")).state.messages).toBe(1);
  });

  it("limits the deduplication window to the maximum age", async () => {
    await provisionTopics(options("short", { maxAgeMs: 1_000 }), { topics: [topic] });
    await using admin = await openAdmin(nats.url);
    const { config } = await admin.streams.info("short_things_made");
    expect(config.duplicate_window).toBe(nanos(1_000));
  });

  it("creates groups for processes that may not, and reports differences", async () => {
    const readers = { group: "readers", topics: [topic], from: "start" } as const;
    const plan = (leaseDurationMs: number) =>
      provisionGroups(options("ahead"), {
        groups: [{ ...readers, leaseDurationMs }],
        dryRun: true,
      });
    expect(await plan(10_000)).toMatchObject([{ group: "readers", topic, action: "create" }]);
    await provisionTopics(options("ahead"), { topics: [topic] });
    await provisionGroups(options("ahead"), { groups: [readers] });
    expect(await plan(10_000)).toMatchObject([{ action: "none", differences: [] }]);
    expect(await plan(20_000)).toMatchObject([
      { action: "update", differences: ["ack_wait is 10000000000, expected 20000000000"] },
    ]);
    await using broker = openBroker({ ...options("ahead"), provision: false });
    await broker.declare({
      group: "readers",
      topics: [topic],
      from: "start",
      leaseDurationMs: 10_000,
    });
  });

  it("raises limits", async () => {
    await provisionTopics(options("wider", { maxAgeMs: hourMs }), { topics: [topic] });
    const wider = options("wider", { maxAgeMs: 2 * hourMs });
    const [change] = await provisionTopics(wider, { topics: [topic] });
    expect(change).toMatchObject({
      action: "update",
      differences: ["max_age is 3600 s, expected 7200 s"],
    });
  });

  it("leaves undeclared settings unchanged", async () => {
    await provisionTopics(options("undeclared", { maxAgeMs: hourMs }), { topics: [topic] });
    const [change] = await provisionTopics(options("undeclared"), { topics: [topic] });
    expect(change?.action).toBe("none");
  });

  it("refuses what may delete events, unless loss is allowed", async () => {
    const loss = { code: "drift", message: expect.stringContaining("max_age is 7200 s") };
    const narrow = options("narrow", { maxAgeMs: hourMs });
    await provisionTopics(options("narrow", { maxAgeMs: 2 * hourMs }), { topics: [topic] });
    const plan = await provisionTopics(narrow, { topics: [topic], dryRun: true });
    expect(plan[0]?.action).toBe("refuse");
    await expect(provisionTopics(narrow, { topics: ["other", topic] })).rejects.toMatchObject(loss);
    await using admin = await openAdmin(nats.url);
    await expect(admin.streams.info("narrow_other")).rejects.toThrow("stream not found");
    await using broker = openBroker(narrow);
    const declared = broker.declare({
      group: "g",
      topics: [topic],
      from: "now",
      leaseDurationMs: 1_000,
    });
    await expect(declared).rejects.toMatchObject(loss);
    const [change] = await provisionTopics(narrow, { topics: [topic], allowLoss: true });
    expect(change?.action).toBe("update");
  });

  it("names the stream that already stores the subject", async () => {
    await using admin = await openAdmin(nats.url);
    await admin.streams.add({ name: "greedy", subjects: ["taken.>"] });
    await expect(provisionTopics(options("taken"), { topics: [topic] })).rejects.toMatchObject({
      code: "drift",
      message: expect.stringContaining("subjects overlap"),
    });
    await using broker = openBroker(options("taken"));
    await expect(append(broker, "1")).rejects.toMatchObject({
      code: "drift",
      message: expect.stringContaining("is stored by stream greedy"),
    });
  });

  it("reports a full stream as stream_full", async () => {
    await using broker = openBroker(options("full", { maxEvents: 1 }));
    await append(broker, "1");
    await expect(append(broker, "2")).rejects.toMatchObject({
      code: "stream_full",
      retryable: true,
    });
  });

  it("reports an event above the server's limit as too_large", async () => {
    await using broker = openBroker(options("large"));
    await append(broker, "1");
    const data = new Uint8Array(broker.features.maxRecordBytes ?? 0);
    const large = { topic, id: "2", partition: 0, headers: {}, data };
    const publish = broker.append(large, { timeoutMs: 5_000, signal: undefined });
    await expect(publish).rejects.toMatchObject({ code: "too_large", retryable: false });
  });
});

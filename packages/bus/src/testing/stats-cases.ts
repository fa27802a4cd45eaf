import { expect, it } from "vitest";
import type { EventBus } from "../bus.ts";
import { BusError } from "../error.ts";
import { createBusMetrics } from "../metrics.ts";
import { failPermanently, rejectAsFull } from "./faults.ts";
import {
  createCollector,
  createNotePublisher,
  range,
  subscribeRead,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";
import type { TestEnvironment } from "./test-environment.ts";

/** Registers the cases of stats: what operators see. */
export function registerStatsCases({ features, setUp }: SuiteContext): void {
  it("reports the progress of a group over all of its processes", async () => {
    await using env = await setUp();
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(() => gate.promise);
    const bus = await env.openBus();
    const options = { handler, concurrency: 1, prefetch: 0 };
    const subscription = await subscribeRead(bus, "readers", options);
    await subscribeRead(await env.openBus(), "readers", options);
    const idle = await subscribeRead(bus, "others", { handler() {} });
    const { noteRead } = createNotePublisher(bus);
    for (const number of range(5)) await noteRead({ number });
    await env.waitForCount(seen, 2);
    await env.elapse(500);
    const { progress } = await subscription.stats();
    expect(progress).toMatchObject({
      pending: 3,
      inFlight: 2,
      redelivered: 0,
      lag: { events: 5 },
      deadLetters: { count: 0, oldestMs: 0 },
      topics: [{ topic: "notes.read", pending: 3, inFlight: 2, redelivered: 0 }],
    });
    expect(progress?.lag.oldestMs).toBeGreaterThanOrEqual(490);
    gate.resolve();
    await env.waitForCount(seen, 5);
    const none = { pending: 0, inFlight: 0, lag: { events: 0, oldestMs: 0 } };
    for (const one of [subscription, idle]) {
      await waitForProgress(env, async () => (await one.stats()).progress?.lag.events === 0);
      expect((await one.stats()).progress).toMatchObject(none);
    }
  });

  it("counts handled, failed, redelivered and dead-lettered events", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const gate = Promise.withResolvers<void>();
    const { handler } = createCollector(({ number }, { attempt }) => {
      if (number === 2) failPermanently();
      if (number === 1 && attempt === 1) throw new Error("not today");
      return number === 1 ? gate.promise : undefined;
    });
    const backoff = { initialIntervalMs: 50, maxIntervalMs: 100 };
    const subscription = await subscribeRead(bus, "readers", { handler, backoff });
    const { noteRead } = createNotePublisher(bus);
    for (const number of range(3)) await noteRead({ number });
    const stats = () => subscription.stats();
    await waitForProgress(env, async () => (await stats()).progress?.redelivered === 1);
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    await waitForProgress(env, async () => (await stats()).progress?.inFlight === 1);
    const now = await stats();
    expect(now).toMatchObject({ group: "readers", state: "running", running: 1, waiting: 0 });
    expect(now).toMatchObject({ handled: 1, failures: 2, deadLettered: 1 });
    expect(now.progress).toMatchObject({ inFlight: 1, redelivered: 1, deadLetters: { count: 1 } });
    expect(now.rates.failures).toBeGreaterThan(now.rates.handled);
    expect(now.rates.handled).toBe(now.rates.deadLettered);
    expect(now.rates.handled).toBeGreaterThan(0);
    await bus.deadLetters("readers").discard((await readFirstDeadLetter(bus))?.sequence ?? 0);
    expect((await stats()).progress?.deadLetters).toEqual({ count: 0, oldestMs: 0 });
    gate.resolve();
  });

  it("counts a replay for its group alone", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const subscription = await subscribeRead(bus, "readers", { handler: failPermanently });
    const other = await subscribeRead(bus, "others", { handler() {} });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    await waitForProgress(env, async () => (await other.stats()).progress?.lag.events === 0);
    await Promise.all([subscription.stop(), other.stop()]);
    await bus.deadLetters("readers").replay((await readFirstDeadLetter(bus))?.sequence ?? 0);
    await env.elapse(500);
    expect((await other.stats()).progress?.lag).toEqual({ events: 0, oldestMs: 0 });
    const progress = async () => (await subscription.stats()).progress;
    expect(await progress()).toMatchObject({ pending: 1, inFlight: 0, lag: { events: 1 } });
    expect((await progress())?.lag.oldestMs).toBeGreaterThanOrEqual(490);
  });

  it("counts published, duplicate and rejected events", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { noteWritten } = createNotePublisher(bus);
    const subscription = await subscribeWritten(bus, "readers", { handler() {} });
    await noteWritten({ number: 1 }, { id: "same" });
    await noteWritten({ number: 1 }, { id: "same" });
    await expect(noteWritten({}, { id: "" })).rejects.toBeInstanceOf(BusError);
    const stats = await bus.stats();
    const duplicates = features.dedupeWindowMs === undefined ? 0 : 1;
    expect(stats).toMatchObject({ connected: true, publishing: 0, published: 2, duplicates });
    expect(stats).toMatchObject({ rejected: 1, subscriptions: [{ group: "readers" }] });
    expect(stats.rates.published).toBeGreaterThan(stats.rates.rejected);
    expect(stats.broker).toBe(bus.health().broker);
    await subscription.stop();
    expect((await bus.stats()).subscriptions).toEqual([]);
  });

  it("reports a topic whose publishes fail in health, until one is stored", async () => {
    await using env = await setUp();
    let isFull = false;
    const bus = await env.openBus((broker) => ({
      ...broker,
      append: (record, options) =>
        isFull && record.topic === "notes.read" ? rejectAsFull() : broker.append(record, options),
    }));
    const { noteRead, noteWritten } = createNotePublisher(bus);
    await noteRead({});
    isFull = true;
    const since = env.now();
    for (const id of ["1", "2"]) {
      await expect(noteRead({}, { id })).rejects.toMatchObject({ code: "resource_exhausted" });
      await noteWritten({});
    }
    await expect(noteWritten({}, { id: "" })).rejects.toBeInstanceOf(BusError);
    const error = { code: "resource_exhausted" };
    const failing = [{ topic: "notes.read", count: 2, error }];
    expect(bus.health()).toMatchObject({ connected: true, failing, lastError: error });
    expect(bus.health().failing[0]?.since).toBeGreaterThanOrEqual(since);
    isFull = false;
    await noteRead({}, { id: "1" });
    expect(bus.health().failing).toEqual([]);
    expect(bus.health()).not.toHaveProperty("lastError");
  });

  it("reports the local counters when the broker does not answer, until it does", async () => {
    await using env = await setUp();
    let isAway = true;
    const bus = await env.openBus((broker) => ({
      ...broker,
      async progress(...args) {
        if (isAway) throw new BusError("unavailable", "no answer");
        return await broker.progress(...args);
      },
    }));
    const { seen, handler } = createCollector();
    const subscription = await subscribeRead(bus, "readers", { handler });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitForCount(seen, 1);
    const stats = await subscription.stats();
    expect(stats).toMatchObject({ handled: 1, progress: undefined });
    expect(stats.lastError).toMatchObject({ code: "unavailable", message: "no answer" });
    isAway = false;
    expect(await subscription.stats()).not.toHaveProperty("lastError");
    expect(subscription.health()).not.toHaveProperty("lastError");
  });

  it("shows the last error of a group until its next event is handled", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    let failing = true;
    const { seen, handler } = createCollector(() => {
      if (failing) throw new Error("not now");
    });
    const subscription = await subscribeRead(bus, "readers", { handler });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitFor("the failure", () => subscription.health().failures === 1);
    const readLastErrors = async () => {
      const metrics = await createBusMetrics(bus)();
      return metrics.find(({ name }) => name === "fanfare_bus_last_error")?.samples;
    };
    expect(subscription.health().lastError).toMatchObject({ message: "not now" });
    expect(await readLastErrors()).toHaveLength(1);
    failing = false;
    await env.waitForCount(seen, 2);
    await env.waitFor("the ack", () => subscription.health().handled === 1);
    expect(subscription.health()).not.toHaveProperty("lastError");
    expect(await readLastErrors()).toEqual([]);
  });
}

async function readFirstDeadLetter(bus: EventBus) {
  const [letter] = await bus.deadLetters("readers").list();
  return letter;
}

/** Reads the progress until it fulfils the condition: what a broker reports may lag behind. */
async function waitForProgress(
  env: TestEnvironment,
  condition: () => Promise<boolean>,
): Promise<void> {
  let done = false;
  let isReading = false;
  const read = async () => {
    isReading = true;
    done = await condition();
    isReading = false;
  };
  await env.waitFor("the progress", () => {
    if (!isReading) void read();
    return done;
  });
}

import { expect, it } from "vitest";
import { DependencyUnavailableError } from "../consume/handler-errors.ts";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  getSortedNumbers,
  range,
  subscribeRead,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const strict = {
  order: "strict",
  backoff: { initialIntervalMs: 100, maxIntervalMs: 200 },
} as const;

/** Registers the cases of order and concurrency. */
export function registerOrderCases({ setUp }: SuiteContext): void {
  it("handles the events of a key in order, never two at a time", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const running = new Set<string>();
    const overlaps: string[] = [];
    const { seen, handler } = createCollector(async ({ author, number }) => {
      if (running.has(author)) overlaps.push(author);
      running.add(author);
      for (const _ of range((number * 7) % 5)) await Promise.resolve();
      if (number % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
      running.delete(author);
    });
    await subscribeWritten(bus, "readers", { handler, concurrency: 8 });
    const { noteWritten } = createNotePublisher(bus);
    for (const number of range(64)) {
      for (const author of range(16)) void noteWritten({ author: `author-${author}`, number });
    }
    await env.waitForCount(seen, 1_024);
    const byKey = Map.groupBy(seen, ({ delivery }) => delivery.key);
    expect(byKey.size).toBe(16);
    for (const events of byKey.values()) expect(getNumbers(events)).toEqual(range(64));
    expect(overlaps).toEqual([]);
  });

  it("handles events of different keys concurrently", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(() => gate.promise);
    await subscribeWritten(bus, "readers", { handler, concurrency: 3 });
    const { noteWritten } = createNotePublisher(bus);
    for (const author of ["a", "a", "b", "b", "c"]) await noteWritten({ author });
    await env.waitForCount(seen, 3);
    expect(seen.map(({ note }) => note.author).toSorted()).toEqual(["a", "b", "c"]);
    gate.resolve();
    await env.waitForCount(seen, 5);
  });

  it("handles at most `concurrency` events at a time", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(() => gate.promise);
    const options = { handler, concurrency: 4, prefetch: 6 };
    const subscription = await subscribeRead(bus, "readers", options);
    const { noteRead } = createNotePublisher(bus);
    for (const number of range(40)) await noteRead({ number });
    await env.waitFor("a full prefetch buffer", () => subscription.health().waiting === 6);
    expect(subscription.health().running).toBe(4);
    expect(seen).toHaveLength(4);
    gate.resolve();
    await env.waitForCount(seen, 40);
    expect(getNumbers(seen)).toEqual(range(40));
  });

  it("holds later events of a key behind a failed one with strict order", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector(({ number }, { attempt }) => {
      if (number === 1 && attempt < 3) throw new Error("not now");
    });
    await subscribeWritten(bus, "strict", {
      ...strict,
      handler,
      concurrency: 1,
      leaseDurationMs: 1_000,
    });
    const { noteWritten } = createNotePublisher(bus);
    for (const number of range(5)) {
      for (const author of ["a", "b"]) await noteWritten({ author, number });
    }
    await env.waitForCount(seen, 14);
    const byKey = Map.groupBy(seen, ({ delivery }) => delivery.key);
    for (const events of byKey.values()) expect(getNumbers(events)).toEqual([0, 1, 1, 1, 2, 3, 4]);
    // Neither key delays the other, although the concurrency is 1.
    expect(seen.slice(0, 5).map(({ note }) => note.author)).toContain("b");
  });

  it("continues a key after a dead letter and after a pause with strict order", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    let unavailable = 3;
    const { seen, handler } = createCollector(({ number }) => {
      if (number === 2 && unavailable-- > 0)
        throw new DependencyUnavailableError("the database is gone");
      if (number === 0) throw new Error("never");
    });
    const options = { ...strict, handler, maxAttempts: 2, leaseDurationMs: 1_000 };
    const subscription = await subscribeWritten(bus, "strict", options);
    const { noteWritten } = createNotePublisher(bus);
    for (const number of range(5)) await noteWritten({ author: "a", number });
    await env.waitForCount(seen, 9);
    expect(getNumbers(seen)).toEqual([0, 0, 1, 2, 2, 2, 2, 3, 4]);
    expect(subscription.health()).toMatchObject({ deadLettered: 1, failures: 2 });
  });

  it("blocks at most `maxBlocked` events with strict order, and releases them when it stops", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { handler } = createCollector(() => {
      throw new Error("not now");
    });
    const subscription = await subscribeWritten(bus, "strict", {
      ...strict,
      handler,
      backoff: { initialIntervalMs: 60_000, maxIntervalMs: 60_000 },
      leaseDurationMs: 600_000,
      concurrency: 2,
      prefetch: 3,
      maxBlocked: 4,
    });
    const { noteWritten } = createNotePublisher(bus);
    for (const number of range(30)) await noteWritten({ author: "a", number });
    // The failed event and those behind it; the others return to the broker for a while.
    await env.waitFor("four delayed events", () => subscription.health().delayed === 4);
    await noteWritten({ author: "b", number: 30 });
    await env.waitFor("the failure of another key", () => subscription.health().failures === 2);
    expect(subscription.health()).toMatchObject({ running: 0, waiting: 0, delayed: 5 });
    expect(await subscription.stop()).toEqual({ unsettled: [] });
    const next = createCollector();
    await subscribeWritten(await env.openBus(), "strict", { ...strict, handler: next.handler });
    await env.waitForCount(next.seen, 31);
    expect(getSortedNumbers(next.seen)).toEqual(range(31));
  });

  it("holds the next event of a key until the first is acknowledged, and redelivers neither", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(() => gate.promise);
    await subscribeWritten(bus, "readers", { handler, leaseDurationMs: 500 });
    const { noteWritten } = createNotePublisher(bus);
    for (const number of range(2)) await noteWritten({ author: "ada", number });
    await env.waitForCount(seen, 1);
    await env.elapse(1_000);
    expect(getNumbers(seen)).toEqual([0]);
    gate.resolve();
    await env.waitForCount(seen, 2);
    await env.elapse(1_000);
    expect(getNumbers(seen)).toEqual([0, 1]);
  });
}

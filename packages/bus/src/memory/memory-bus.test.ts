import { describe, expect, it } from "vitest";
import { DependencyUnavailableError } from "../consume/handler-errors.ts";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  range,
  subscribeRead,
} from "../testing/notes.ts";
import { createMemoryBus } from "./memory-bus.ts";
import { createMemoryStore } from "./memory-store.ts";

describe("createMemoryBus()", () => {
  it("is idle once every published event is handled", async () => {
    await using bus = createMemoryBus();
    const { seen, handler } = createCollector(async () => {
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    });
    await subscribeRead(bus, "readers", { handler });
    for (const number of range(100)) await createNotePublisher(bus).noteRead({ number });
    await bus.idle();
    expect(seen).toHaveLength(100);
  });

  it("is idle while a retry waits for its backoff", async () => {
    await using bus = createMemoryBus();
    const { seen, handler } = createCollector((_, { attempt }) => {
      if (attempt < 3) throw new Error("not now");
    });
    await subscribeRead(bus, "readers", {
      handler,
      backoff: { initialIntervalMs: 60_000, maxIntervalMs: 60_000 },
    });
    await createNotePublisher(bus).noteRead({});
    await bus.idle();
    expect(seen).toHaveLength(1);
    await bus.advance(60_000);
    await bus.idle();
    expect(seen).toHaveLength(2);
    await bus.advance(60_000);
    expect(seen).toHaveLength(3);
  });

  it.each(["relaxed", "strict"] as const)(
    "is idle while a subscription with %s order is paused",
    async (order) => {
      const store = createMemoryStore();
      await using bus = createMemoryBus({ store });
      await using publisher = createMemoryBus({ store });
      let available = false;
      const { seen, handler } = createCollector(() => {
        if (!available) throw new DependencyUnavailableError("the database is down");
      });
      await subscribeRead(bus, "readers", { handler, order, concurrency: 2, prefetch: 2 });
      const { noteRead } = createNotePublisher(publisher);
      for (const number of range(10)) await noteRead({ number });
      await bus.idle();
      await publisher.idle();
      expect(bus.health().subscriptions).toMatchObject([
        { state: "paused", running: 0, waiting: 0 },
      ]);
      available = true;
      seen.length = 0;
      await bus.advance(10_000);
      await bus.idle();
      expect(new Set(getNumbers(seen))).toEqual(new Set(range(10)));
    },
  );

  it("names the groups with work when it does not become idle", async () => {
    await using bus = createMemoryBus();
    const gate = Promise.withResolvers<void>();
    await subscribeRead(bus, "stuck", { handler: () => gate.promise });
    await createNotePublisher(bus).noteRead({});
    await expect(bus.idle({ timeoutMs: 20 })).rejects.toThrow(
      "the bus is not idle after 20 ms: stuck has 1 leased and 0 available of notes.read",
    );
    gate.resolve();
    await bus.idle();
  });

  it("does not wait for a group without a subscription", async () => {
    await using bus = createMemoryBus();
    const subscription = await subscribeRead(bus, "absent", { handler() {} });
    await subscription.stop();
    await createNotePublisher(bus).noteRead({});
    await expect(bus.idle()).resolves.toBeUndefined();
  });

  it("shares a store with other buses, as processes share a server", async () => {
    const store = createMemoryStore();
    await using here = createMemoryBus({ store });
    await using there = createMemoryBus({ store });
    const { seen, handler } = createCollector();
    await subscribeRead(there, "readers", { handler });
    await createNotePublisher(here).noteRead({ number: 4 });
    await here.idle();
    expect(getNumbers(seen)).toEqual([4]);
  });

  it("closes in real time although its clock stands still", async () => {
    const bus = createMemoryBus({ stopTimeoutMs: 20 });
    await subscribeRead(bus, "stuck", { handler: () => new Promise(() => {}) });
    await createNotePublisher(bus).noteRead({}, { id: "one" });
    await bus.advance(0);
    expect(await bus.close()).toEqual({ unsettled: ["one"] });
  });
});

describe("createMemoryStore()", () => {
  it("evicts the oldest event that every group has settled, and rejects events when there is none", async () => {
    await using bus = createMemoryBus({ store: createMemoryStore({ maxRecords: 3 }) });
    const { noteRead } = createNotePublisher(bus);
    for (const number of range(5)) await noteRead({ number });
    const kept = createCollector();
    await subscribeRead(bus, "late", { handler: kept.handler, from: "start" });
    await bus.idle();
    expect(getNumbers(kept.seen)).toEqual([2, 3, 4]);

    const gate = Promise.withResolvers<void>();
    await subscribeRead(bus, "stuck", { handler: () => gate.promise });
    for (const number of range(3)) await noteRead({ number });
    await expect(noteRead({})).rejects.toMatchObject({
      code: "stream_full",
      retryable: true,
    });
    gate.resolve();
    await bus.idle();
    await noteRead({});
  });
});

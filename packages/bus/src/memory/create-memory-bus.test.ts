import { describe, expect, it } from "vitest";
import { createCollector, numbersOf, publisherOf, takeRead, upTo } from "../testing/notes.ts";
import { createMemoryBus } from "./create-memory-bus.ts";
import { createMemoryStore } from "./memory-store.ts";

describe("createMemoryBus()", () => {
  it("is idle once everything published is handled", async () => {
    await using bus = createMemoryBus();
    const { seen, handler } = createCollector(async () => {
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    });
    await takeRead(bus, "readers", { handler });
    for (const number of upTo(100)) await publisherOf(bus).noteRead({ number });
    await bus.idle();
    expect(seen).toHaveLength(100);
  });

  it("is idle while a retry waits for time to move", async () => {
    await using bus = createMemoryBus();
    const { seen, handler } = createCollector((_, { attempt }) => {
      if (attempt < 3) throw new Error("not now");
    });
    await takeRead(bus, "readers", {
      handler,
      backoff: { initialIntervalMs: 60_000, maxIntervalMs: 60_000 },
    });
    await publisherOf(bus).noteRead({});
    await bus.idle();
    expect(seen).toHaveLength(1);
    await bus.advance(60_000);
    await bus.idle();
    expect(seen).toHaveLength(2);
    await bus.advance(60_000);
    expect(seen).toHaveLength(3);
  });

  it("says what is stuck when it does not become idle", async () => {
    await using bus = createMemoryBus();
    const gate = Promise.withResolvers<void>();
    await takeRead(bus, "stuck", { handler: () => gate.promise });
    await publisherOf(bus).noteRead({});
    await expect(bus.idle({ timeoutMs: 20 })).rejects.toThrow(
      "not idle after 20 ms: stuck has 1 leased and 0 due of notes.read",
    );
    gate.resolve();
    await bus.idle();
  });

  it("does not wait for a group that nobody runs", async () => {
    await using bus = createMemoryBus();
    const subscription = await takeRead(bus, "absent", { handler() {} });
    await subscription.stop();
    await publisherOf(bus).noteRead({});
    await expect(bus.idle()).resolves.toBeUndefined();
  });

  it("shares a store with other buses, as processes share a server", async () => {
    const store = createMemoryStore();
    await using here = createMemoryBus({ store });
    await using there = createMemoryBus({ store });
    const { seen, handler } = createCollector();
    await takeRead(there, "readers", { handler });
    await publisherOf(here).noteRead({ number: 4 });
    await here.idle();
    expect(numbersOf(seen)).toEqual([4]);
  });

  it("closes soon in real time although nobody moves its clock", async () => {
    const bus = createMemoryBus({ stopTimeoutMs: 20 });
    await takeRead(bus, "stuck", { handler: () => new Promise(() => {}) });
    await publisherOf(bus).noteRead({}, { id: "one" });
    await bus.advance(0);
    expect(await bus.close()).toEqual({ unsettled: ["one"] });
  });
});

describe("createMemoryStore()", () => {
  it("drops the oldest event that every group has handled, and refuses when there is none", async () => {
    await using bus = createMemoryBus({ store: createMemoryStore({ maxRecords: 3 }) });
    const { noteRead } = publisherOf(bus);
    for (const number of upTo(5)) await noteRead({ number });
    const kept = createCollector();
    await takeRead(bus, "late", { handler: kept.handler, from: "start" });
    await bus.idle();
    expect(numbersOf(kept.seen)).toEqual([2, 3, 4]);

    const gate = Promise.withResolvers<void>();
    await takeRead(bus, "stuck", { handler: () => gate.promise });
    for (const number of upTo(3)) await noteRead({ number });
    await expect(noteRead({})).rejects.toMatchObject({
      code: "stream_full",
      retryable: true,
    });
    gate.resolve();
    await bus.idle();
    await noteRead({});
  });
});

import { expect, it } from "vitest";
import { withLeases } from "./faults.ts";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  getSortedNumbers,
  range,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const leaseDurationMs = 1_000;

/** Registers the cases of fairness: one slow, hot or hanging key never stops other keys. */
export function registerFairnessCases({ setUp }: SuiteContext): void {
  it.each(["relaxed", "strict"] as const)(
    "handles other keys while two hundred events of a slow key wait, in %s order",
    async (order) => {
      await using env = await setUp();
      const bus = await env.openBus();
      const gate = Promise.withResolvers<void>();
      const slow: number[] = [];
      const others: number[] = [];
      const subscription = await subscribeWritten(bus, "fair", {
        order,
        leaseDurationMs,
        maxBlockedPerKey: 20,
        async handler({ author, number }) {
          if (author === "slow") await gate.promise;
          (author === "slow" ? slow : others).push(number);
        },
      });
      const { noteWritten } = createNotePublisher(bus);
      for (const number of range(200)) await noteWritten({ author: "slow", number });
      for (const number of range(20)) await noteWritten({ author: `other-${number}`, number });
      await env.waitForCount(others, 20);
      expect(slow).toEqual([]);
      // What filled the capacity before the key was slow, and no more.
      expect(subscription.health().waiting).toBeLessThan(48);
      gate.resolve();
      await env.waitForCount(slow, 200);
      expect(slow).toEqual(range(200));
      expect(subscription.health()).toMatchObject({ failures: 0, deadLettered: 0 });
    },
  );

  it("keeps the key, not the slot, of a handler that ignores its signal", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(({ number }, { attempt }) =>
      number === 0 && attempt === 1 ? gate.promise : undefined,
    );
    const subscription = await subscribeWritten(bus, "slow", {
      handler,
      leaseDurationMs,
      handlerTimeoutMs: 300,
      concurrency: 1,
      backoff: { initialIntervalMs: 100, maxIntervalMs: 200 },
    });
    const { noteWritten } = createNotePublisher(bus);
    for (const number of range(2)) await noteWritten({ author: "busy", number });
    await noteWritten({ author: "other", number: 2 });
    await env.waitForCount(seen, 2);
    await noteWritten({ author: "other", number: 3 });
    await env.waitForCount(seen, 3);
    expect(getNumbers(seen)).toEqual([0, 2, 3]);
    expect(subscription.health()).toMatchObject({ running: 1, waiting: 0, failures: 1 });
    gate.resolve();
    await env.waitForCount(seen, 5);
    expect(getSortedNumbers(seen.slice(3))).toEqual([0, 1]);
    expect(seen.find(({ delivery }) => delivery.attempt === 2)?.note.number).toBe(0);
  });

  it.each(["relaxed", "strict"] as const)(
    "requests events of other keys while a handler ignores its signal, in %s order",
    async (order) => {
      await using env = await setUp();
      const bus = await env.openBus();
      const gate = Promise.withResolvers<void>();
      const { seen, handler } = createCollector(({ number }, { attempt }) =>
        number === 0 && attempt === 1 ? gate.promise : undefined,
      );
      const subscription = await subscribeWritten(bus, "slow", {
        handler,
        order,
        leaseDurationMs,
        handlerTimeoutMs: 300,
        concurrency: 1,
        prefetch: 0,
        backoff: { initialIntervalMs: 100, maxIntervalMs: 200 },
      });
      const { noteWritten } = createNotePublisher(bus);
      await noteWritten({ author: "busy", number: 0 });
      await env.waitForCount(seen, 1);
      for (const number of range(3)) await noteWritten({ author: "other", number: number + 1 });
      await noteWritten({ author: "busy", number: 4 });
      await env.waitForCount(seen, 4);
      expect(getNumbers(seen)).toEqual([0, 1, 2, 3]);
      expect(subscription.health().running).toBe(1);
      gate.resolve();
      await env.waitForCount(seen, 6);
      const busy = seen.slice(4).map(({ note, delivery }) => [note.number, delivery.attempt]);
      // In relaxed order, a failed event may be overtaken while it waits for its retry.
      if (order === "relaxed") busy.sort(([one], [other]) => Number(one) - Number(other));
      expect(busy).toEqual([
        [0, 2],
        [4, 1],
      ]);
      await env.waitFor("the end of all", () => subscription.health().handled === 5);
      expect(subscription.health()).toMatchObject({ running: 0, waiting: 0, delayed: 0 });
    },
  );

  it("keeps the order of a key whose returned events come back in another one", async () => {
    await using env = await setUp();
    // Every other event comes back late.
    const bus = await env.openBus((broker) =>
      withLeases(broker, (lease) => ({
        ...lease,
        nak: ({ delayMs }) => lease.nak({ delayMs: delayMs + (lease.record.sequence % 2) * 150 }),
      })),
    );
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(() => gate.promise);
    const backoff = { initialIntervalMs: 50, maxIntervalMs: 50 };
    await subscribeWritten(bus, "fair", { handler, maxBlockedPerKey: 2, prefetch: 2, backoff });
    const { noteWritten } = createNotePublisher(bus);
    for (const number of range(40)) await noteWritten({ author: "slow", number });
    await env.elapse(1_000);
    gate.resolve();
    await env.waitForCount(seen, 40);
    expect(getNumbers(seen)).toEqual(range(40));
  });

  it("releases what waits for a handler that overruns to another process", async () => {
    await using env = await setUp();
    const gate = Promise.withResolvers<void>();
    const options = {
      leaseDurationMs: 600_000,
      handlerTimeoutMs: 300,
      backoff: { initialIntervalMs: 50, maxIntervalMs: 100 },
    };
    const hanging = createCollector(() => gate.promise);
    const first = await subscribeWritten(await env.openBus(), "slow", {
      handler: hanging.handler,
      ...options,
    });
    const { noteWritten } = createNotePublisher(await env.openBus());
    for (const number of range(5)) await noteWritten({ author: "busy", number });
    await env.waitForCount(hanging.seen, 1);
    const second = createCollector();
    await subscribeWritten(await env.openBus(), "slow", { handler: second.handler, ...options });
    await env.waitForCount(second.seen, 5);
    expect(getSortedNumbers(second.seen)).toEqual(range(5));
    expect(hanging.seen).toHaveLength(1);
    expect(first.health()).toMatchObject({ failures: 1, deadLettered: 0 });
    gate.resolve();
  });
}

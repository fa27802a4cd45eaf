import { expect, it } from "vitest";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  getSortedNumbers,
  publishNotes,
  range,
  subscribeRead,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const backoff = { initialIntervalMs: 20, maxIntervalMs: 40 };

/** turnoverCases state what processes that come and go leave behind for others: all of it. */
export function rollingRestartCases({ setUp, pickCount }: SuiteContext): void {
  it("goes on where another subscription stopped, five times over", async () => {
    const events = pickCount(5_000, 500);
    await using env = await setUp();
    const publisher = await env.openBus();
    const declared = await subscribeWritten(publisher, "relay", { handler() {} });
    await declared.stop();
    await publishNotes(publisher, events);
    const handled = new Set<number>();
    for (const run of range(5)) {
      const bus = await env.openBus();
      const share = run === 4 ? events : handled.size + events / 10;
      const { handler } = createCollector(async ({ number }, { signal }) => {
        if (handled.size >= share) await untilAborted(signal);
        handled.add(number);
      });
      await subscribeWritten(bus, "relay", { handler });
      await env.waitFor(`${share} events`, () => handled.size >= share);
      await bus.close({ timeoutMs: 200 });
    }
    expect(Array.from(handled).toSorted((a, b) => a - b)).toEqual(range(events));
  });

  it("loses nothing when ten processes of a group open and close at once", async () => {
    await using env = await setUp();
    await Promise.all(
      range(10).map(async () => {
        const bus = await env.openBus();
        await subscribeRead(bus, "restless", { handler() {} });
        expect(await bus.close()).toEqual({ unsettled: [] });
      }),
    );
    await publishNotes(await env.openBus(), 50);
    const { seen, handler } = createCollector();
    await subscribeRead(await env.openBus(), "restless", { handler });
    await env.waitForCount(seen, 50);
    expect(getSortedNumbers(seen)).toEqual(range(50));
  });

  it("loses nothing when a subscription stops as soon as it has begun", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    await publishNotes(bus, 20);
    const refusing = createCollector(() => {
      throw new Error("never");
    });
    const options = { from: "start", backoff } as const;
    const first = await subscribeRead(bus, "brief", { handler: refusing.handler, ...options });
    expect(await first.stop()).toEqual({ unsettled: [] });
    const { seen, handler } = createCollector();
    await subscribeRead(bus, "brief", { handler, ...options });
    await env.waitForCount(seen, 20);
    expect(getSortedNumbers(seen)).toEqual(range(20));
  });

  it("hands everything on after three processes that only fail, a hundred times each", async () => {
    await using env = await setUp();
    const options = {
      from: "start",
      maxAttempts: 1_000,
      backoff: { initialIntervalMs: 1, maxIntervalMs: 1 },
    } as const;
    await publishNotes(await env.openBus(), 50);
    for (const _ of range(3)) {
      const bus = await env.openBus();
      const { seen, handler } = createCollector(() => {
        throw new Error("not here");
      });
      await subscribeRead(bus, "failing", { handler, ...options });
      await env.waitForCount(seen, 100);
      await bus.close();
    }
    const { seen, handler } = createCollector();
    const bus = await env.openBus();
    await subscribeRead(bus, "failing", { handler, ...options });
    await env.waitForCount(seen, 50);
    expect(getSortedNumbers(seen)).toEqual(range(50));
    expect(await bus.deadLetters("failing").list()).toEqual([]);
  });

  it("hands a hundred events on although two of them fail at first", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    await publishNotes(bus, 100);
    let failures = 2;
    const { seen, handler } = createCollector(() => {
      if (failures-- > 0) throw new Error("not now");
    });
    await subscribeRead(bus, "readers", { handler, from: "start", backoff });
    await env.waitForCount(seen, 102);
    expect(new Set(getNumbers(seen)).size).toBe(100);
  });

  it("holds the next of a key until the first is acknowledged, and brings neither again", async () => {
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

/** Rejects once the signal has aborted. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("given up")));
  });
}

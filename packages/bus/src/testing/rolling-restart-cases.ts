import { expect, it } from "vitest";
import {
  createCollector,
  getSortedNumbers,
  publishNotes,
  range,
  subscribeRead,
  subscribeWritten,
  waitForAbort,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const backoff = { initialIntervalMs: 20, maxIntervalMs: 40 };

/** Registers the cases of rolling restarts: processes that start and stop lose no event. */
export function registerRollingRestartCases({ setUp, pickCount }: SuiteContext): void {
  it("continues where the previous process stopped, five times in a row", async () => {
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
        if (handled.size >= share) await waitForAbort(signal);
        handled.add(number);
      });
      await subscribeWritten(bus, "relay", { handler });
      await env.waitFor(`${share} events`, () => handled.size >= share);
      await bus.close({ timeoutMs: 200 });
    }
    expect(Array.from(handled).toSorted((a, b) => a - b)).toEqual(range(events));
  });

  it("loses no event when ten processes of a group start and stop concurrently", async () => {
    await using env = await setUp();
    await Promise.all(
      range(10).map(async () => {
        const bus = await env.openBus();
        await subscribeRead(bus, "restarting", { handler() {} });
        expect(await bus.close()).toEqual({ unsettled: [] });
      }),
    );
    await publishNotes(await env.openBus(), 50);
    const { seen, handler } = createCollector();
    await subscribeRead(await env.openBus(), "restarting", { handler });
    await env.waitForCount(seen, 50);
    expect(getSortedNumbers(seen)).toEqual(range(50));
  });

  it("loses no event when a subscription stops right after it started", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    await publishNotes(bus, 20);
    const failing = createCollector(() => {
      throw new Error("never");
    });
    const options = { from: "start", backoff } as const;
    const first = await subscribeRead(bus, "short-lived", { handler: failing.handler, ...options });
    expect(await first.stop()).toEqual({ unsettled: [] });
    const { seen, handler } = createCollector();
    await subscribeRead(bus, "short-lived", { handler, ...options });
    await env.waitForCount(seen, 20);
    expect(getSortedNumbers(seen)).toEqual(range(20));
  });

  it("delivers every event after three processes that failed a hundred times each", async () => {
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
}

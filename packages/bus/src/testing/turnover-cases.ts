import { expect, it } from "vitest";
import {
  createCollector,
  numbersOf,
  publishAll,
  publisherOf,
  sortedNumbersOf,
  takeRead,
  takeWritten,
  upTo,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const backoff = { initialIntervalMs: 20, maxIntervalMs: 40 };

/** turnoverCases state what processes that come and go leave behind for others: all of it. */
export function turnoverCases({ stageOf, sized }: SuiteContext): void {
  it("goes on where another subscription stopped, five times over", async () => {
    const events = sized(5_000, 500);
    await using stage = await stageOf();
    const publisher = await stage.openBus();
    const declared = await takeWritten(publisher, "relay", { handler() {} });
    await declared.stop();
    await publishAll(publisher, events);
    const handled = new Set<number>();
    for (const run of upTo(5)) {
      const bus = await stage.openBus();
      const share = run === 4 ? events : handled.size + events / 10;
      const { handler } = createCollector(async ({ number }, { signal }) => {
        if (handled.size >= share) await untilAborted(signal);
        handled.add(number);
      });
      await takeWritten(bus, "relay", { handler });
      await stage.until(`${share} events`, () => handled.size >= share);
      await bus.close({ timeoutMs: 200 });
    }
    expect(Array.from(handled).toSorted((a, b) => a - b)).toEqual(upTo(events));
  });

  it("loses nothing when ten processes of a group open and close at once", async () => {
    await using stage = await stageOf();
    await Promise.all(
      upTo(10).map(async () => {
        const bus = await stage.openBus();
        await takeRead(bus, "restless", { handler() {} });
        expect(await bus.close()).toEqual({ unsettled: [] });
      }),
    );
    await publishAll(await stage.openBus(), 50);
    const { seen, handler } = createCollector();
    await takeRead(await stage.openBus(), "restless", { handler });
    await stage.untilThere(seen, 50);
    expect(sortedNumbersOf(seen)).toEqual(upTo(50));
  });

  it("loses nothing when a subscription stops as soon as it has begun", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    await publishAll(bus, 20);
    const refusing = createCollector(() => {
      throw new Error("never");
    });
    const options = { from: "start", backoff } as const;
    const first = await takeRead(bus, "brief", { handler: refusing.handler, ...options });
    expect(await first.stop()).toEqual({ unsettled: [] });
    const { seen, handler } = createCollector();
    await takeRead(bus, "brief", { handler, ...options });
    await stage.untilThere(seen, 20);
    expect(sortedNumbersOf(seen)).toEqual(upTo(20));
  });

  it("hands everything on after three processes that only fail, a hundred times each", async () => {
    await using stage = await stageOf();
    const options = {
      from: "start",
      maxAttempts: 1_000,
      backoff: { initialIntervalMs: 1, maxIntervalMs: 1 },
    } as const;
    await publishAll(await stage.openBus(), 50);
    for (const _ of upTo(3)) {
      const bus = await stage.openBus();
      const { seen, handler } = createCollector(() => {
        throw new Error("not here");
      });
      await takeRead(bus, "failing", { handler, ...options });
      await stage.untilThere(seen, 100);
      await bus.close();
    }
    const { seen, handler } = createCollector();
    const bus = await stage.openBus();
    await takeRead(bus, "failing", { handler, ...options });
    await stage.untilThere(seen, 50);
    expect(sortedNumbersOf(seen)).toEqual(upTo(50));
    expect(await bus.deadLetters("failing").list()).toEqual([]);
  });

  it("hands a hundred events on although two of them fail at first", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    await publishAll(bus, 100);
    let failures = 2;
    const { seen, handler } = createCollector(() => {
      if (failures-- > 0) throw new Error("not now");
    });
    await takeRead(bus, "readers", { handler, from: "start", backoff });
    await stage.untilThere(seen, 102);
    expect(new Set(numbersOf(seen)).size).toBe(100);
  });

  it("holds the next of a key until the first is acknowledged, and brings neither again", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(() => gate.promise);
    await takeWritten(bus, "readers", { handler, leaseDurationMs: 500 });
    const { noteWritten } = publisherOf(bus);
    for (const number of upTo(2)) await noteWritten({ author: "ada", number });
    await stage.untilThere(seen, 1);
    await stage.pass(1_000);
    expect(numbersOf(seen)).toEqual([0]);
    gate.resolve();
    await stage.untilThere(seen, 2);
    await stage.pass(1_000);
    expect(numbersOf(seen)).toEqual([0, 1]);
  });
}

/** Rejects once the signal has aborted. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("given up")));
  });
}

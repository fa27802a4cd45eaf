import { expect, it } from "vitest";
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

/** Longer than a case runs: a redelivery is not caused by its end. */
const leaseDurationMs = 600_000;

/** Registers the cases of stopping: started events are finished or aborted, the others released. */
export function registerStopCases({ setUp }: SuiteContext): void {
  it("finishes and acknowledges the events that have started", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(() => gate.promise);
    const subscription = await subscribeRead(bus, "stopping", { handler });
    const { noteRead } = createNotePublisher(bus);
    await noteRead({ number: 0 });
    await env.waitForCount(seen, 1);
    const stopping = subscription.stop({ timeoutMs: 20_000 });
    expect(subscription.health().state).toBe("stopping");
    gate.resolve();
    expect(await stopping).toEqual({ unsettled: [] });
    expect(subscription.health().state).toBe("stopped");

    await noteRead({ number: 1 });
    const next = createCollector();
    await subscribeRead(await env.openBus(), "stopping", next);
    await env.waitForCount(next.seen, 1);
    expect(getNumbers(next.seen)).toEqual([1]);
    expect(getNumbers(seen)).toEqual([0]);
  });

  it("releases the events that have not started at once, without a failure", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(() => gate.promise);
    const options = { handler, leaseDurationMs, concurrency: 1 };
    const subscription = await subscribeWritten(bus, "stopping", options);
    const { noteWritten } = createNotePublisher(bus);
    for (const number of range(6)) await noteWritten({ author: `author-${number % 2}`, number });
    await env.waitFor("all events", () => subscription.health().waiting === 5);
    const stopping = subscription.stop({ timeoutMs: 20_000 });
    const next = createCollector();
    await subscribeWritten(await env.openBus(), "stopping", {
      handler: next.handler,
      leaseDurationMs,
    });
    await env.waitForCount(next.seen, 5);
    gate.resolve();
    expect(await stopping).toEqual({ unsettled: [] });
    expect(getSortedNumbers(next.seen)).toEqual([1, 2, 3, 4, 5]);
    expect(getNumbers(seen)).toEqual([0]);
    expect(subscription.health().failures).toBe(0);
  });

  it("aborts handlers shortly before the timeout, and releases their events", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("aborted")));
        }),
    );
    const subscription = await subscribeRead(bus, "stopping", { handler, leaseDurationMs });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitForCount(seen, 1);
    expect(await subscription.stop({ timeoutMs: 1_000 })).toEqual({ unsettled: [] });
    expect(seen[0]?.delivery.signal.reason).toMatchObject({ code: "aborted" });
    expect(subscription.health().failures).toBe(0);
    const next = createCollector();
    await subscribeRead(await env.openBus(), "stopping", {
      handler: next.handler,
      leaseDurationMs,
    });
    await env.waitForCount(next.seen, 1);
  });

  it("stops within its timeout when a handler ignores its signal, and reports the event", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(({ number }) =>
      number === 0 ? gate.promise : undefined,
    );
    const subscription = await subscribeRead(bus, "stopping", { handler, leaseDurationMs: 1_000 });
    const { noteRead } = createNotePublisher(bus);
    await noteRead({ number: 0 }, { id: "stuck" });
    await noteRead({ number: 1 }, { id: "done" });
    await env.waitForCount(seen, 2);
    expect(await subscription.stop({ timeoutMs: 300 })).toEqual({ unsettled: ["stuck"] });
    expect(subscription.health().state).toBe("stopped");
    // The handler returns too late: its event is redelivered all the same.
    gate.resolve();
    const next = createCollector();
    await subscribeRead(await env.openBus(), "stopping", {
      handler: next.handler,
      leaseDurationMs: 1_000,
    });
    await env.waitForCount(next.seen, 1);
    expect(next.seen.map(({ delivery }) => delivery.id)).toEqual(["stuck"]);
  });

  it("keeps the other subscriptions of the bus running", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const kept = createCollector();
    const stopped = await subscribeRead(bus, "stopped", { handler() {} });
    await subscribeRead(bus, "kept", kept);
    await stopped.stop();
    expect(bus.health().subscriptions.map(({ group }) => group)).toEqual(["kept"]);
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitForCount(kept.seen, 1);
  });

  it("closes once when stop and close are called concurrently", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const subscriptions = await Promise.all(
      range(10).map((index) => subscribeRead(bus, `group-${index}`, { handler() {} })),
    );
    const { noteRead } = createNotePublisher(bus);
    await Promise.all(range(50).map((number) => noteRead({ number })));
    const reports = subscriptions.flatMap((subscription) => [
      subscription.stop(),
      subscription.stop(),
    ]);
    await Promise.all([bus.close(), bus.close()]);
    expect(new Set((await Promise.all(reports)).flatMap(({ unsettled }) => unsettled))).toEqual(
      new Set(),
    );
    expect(bus.health().subscriptions).toEqual([]);
  });
}

import { expect, it } from "vitest";
import { DependencyUnavailableError } from "../consume/handler-errors.ts";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  getSortedNumbers,
  range,
  subscribeRead,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const leaseDurationMs = 1_000;
const backoff = { initialIntervalMs: 100, maxIntervalMs: 300 };

/** Registers the cases of an unavailable dependency: the subscription pauses until it is back. */
export function registerDependencyUnavailableCases({ setUp }: SuiteContext): void {
  it("keeps one event while it is paused, and counts no attempt", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    let unavailable = true;
    const { seen, handler } = createCollector(() => {
      if (unavailable) throw new DependencyUnavailableError("the database is gone");
    });
    const subscription = await subscribeRead(bus, "dependent", {
      handler,
      leaseDurationMs,
      backoff,
    });
    const { noteRead } = createNotePublisher(bus);
    await noteRead({ number: 0 });
    await env.waitForCount(seen, 12);
    await env.waitFor("the delay before the next try", () => subscription.health().delayed === 1);
    expect(subscription.health()).toMatchObject({ state: "paused", running: 0, failures: 0 });
    expect(subscription.health().lastError).toMatchObject({ message: "the database is gone" });
    // Longer than the lease: the event stays in this process.
    await env.elapse(leaseDurationMs * 2.5);
    unavailable = false;
    const before = seen.length;
    await env.waitFor("the end of the pause", () => subscription.health().state === "running");
    await noteRead({ number: 1 });
    await env.waitFor("the next event", () => getNumbers(seen).includes(1));
    expect(new Set(seen.map(({ delivery }) => delivery.attempt))).toEqual(new Set([1]));
    expect(seen.length).toBeLessThanOrEqual(before + 2);
  });

  it("tries a single event while it is paused, and handles all of them afterwards", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    let unavailable = true;
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(async () => {
      await gate.promise;
      if (unavailable) throw new DependencyUnavailableError("the database is gone");
    });
    const done: number[] = [];
    const subscription = await subscribeRead(bus, "dependent", {
      handler: async (note, delivery) => {
        await handler(note, delivery);
        done.push(note.number);
      },
      leaseDurationMs,
      backoff,
      concurrency: 4,
      prefetch: 4,
    });
    const { noteRead } = createNotePublisher(bus);
    for (const number of range(30)) await noteRead({ number });
    await env.waitFor("a full prefetch buffer", () => subscription.health().waiting === 4);
    gate.resolve();
    await env.waitFor("a pause", () => subscription.health().state === "paused");
    await env.elapse(1_000);
    const before = seen.length;
    await env.waitForCount(seen, before + 5);
    expect(new Set(getNumbers(seen.slice(before))).size).toBe(1);
    expect(subscription.health()).toMatchObject({ waiting: 0 });
    unavailable = false;
    await env.waitForCount(done, 30);
    expect(done.toSorted((a, b) => a - b)).toEqual(range(30));
    expect(Math.max(...seen.map(({ delivery }) => delivery.attempt))).toBe(1);
  });

  it("releases the other events to processes whose dependencies are available", async () => {
    await using env = await setUp();
    const failing = createCollector(() => {
      throw new DependencyUnavailableError("the database is gone");
    });
    const options = { handler: failing.handler, leaseDurationMs: 600_000, backoff, concurrency: 1 };
    const bus = await env.openBus();
    const subscription = await subscribeRead(bus, "dependent", options);
    const { noteRead } = createNotePublisher(bus);
    for (const number of range(10)) await noteRead({ number });
    await env.waitFor("a pause", () => subscription.health().state === "paused");
    const healthy = createCollector();
    await subscribeRead(await env.openBus(), "dependent", healthy);
    await env.waitForCount(healthy.seen, 9);
    const kept = failing.seen[0]?.note.number;
    expect(getSortedNumbers(healthy.seen)).toEqual(range(10).filter((number) => number !== kept));
    expect(await subscription.stop()).toEqual({ unsettled: [] });
    await env.waitForCount(healthy.seen, 10);
  });
}

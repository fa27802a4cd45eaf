import { expect, it } from "vitest";
import { BusError } from "../error.ts";
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

/** outageCases state what happens while what the handlers depend on is gone. */
export function dependencyUnavailableCases({ setUp }: SuiteContext): void {
  it("keeps one event through an outage, and counts no attempt", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    let away = true;
    const { seen, handler } = createCollector(() => {
      if (away) throw new BusError("unavailable", "the database is gone");
    });
    const subscription = await subscribeRead(bus, "needy", { handler, leaseDurationMs, backoff });
    const { noteRead } = createNotePublisher(bus);
    await noteRead({ number: 0 });
    await env.waitForCount(seen, 12);
    await env.waitFor("a rest", () => subscription.health().delayed === 1);
    expect(subscription.health()).toMatchObject({ state: "paused", running: 0, failures: 0 });
    expect(subscription.health().lastError).toMatchObject({ message: "the database is gone" });
    // Longer than the lease: nobody else gets it.
    await env.elapse(leaseDurationMs * 2.5);
    away = false;
    const before = seen.length;
    await env.waitFor("the end of it", () => subscription.health().state === "running");
    await noteRead({ number: 1 });
    await env.waitFor("the next event", () => getNumbers(seen).includes(1));
    expect(new Set(seen.map(({ delivery }) => delivery.attempt))).toEqual(new Set([1]));
    expect(seen.length).toBeLessThanOrEqual(before + 2);
  });

  it("tries one event alone while it is paused, and all of them afterwards", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    let away = true;
    const full = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(async () => {
      await full.promise;
      if (away) throw new BusError("unavailable", "the database is gone");
    });
    const done: number[] = [];
    const subscription = await subscribeRead(bus, "needy", {
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
    await env.waitFor("a full process", () => subscription.health().waiting === 4);
    full.resolve();
    await env.waitFor("a pause", () => subscription.health().state === "paused");
    await env.elapse(1_000);
    const sofar = seen.length;
    await env.waitForCount(seen, sofar + 5);
    expect(new Set(getNumbers(seen.slice(sofar))).size).toBe(1);
    expect(subscription.health()).toMatchObject({ waiting: 0 });
    away = false;
    await env.waitForCount(done, 30);
    expect(done.toSorted((a, b) => a - b)).toEqual(range(30));
    expect(Math.max(...seen.map(({ delivery }) => delivery.attempt))).toBe(1);
  });

  it("gives the others back, to processes that have what it lacks", async () => {
    await using env = await setUp();
    const poor = createCollector(() => {
      throw new BusError("unavailable", "the database is gone");
    });
    const options = { handler: poor.handler, leaseDurationMs: 600_000, backoff, concurrency: 1 };
    const bus = await env.openBus();
    const subscription = await subscribeRead(bus, "needy", options);
    const { noteRead } = createNotePublisher(bus);
    for (const number of range(10)) await noteRead({ number });
    await env.waitFor("a pause", () => subscription.health().state === "paused");
    const sound = createCollector();
    await subscribeRead(await env.openBus(), "needy", sound);
    await env.waitForCount(sound.seen, 9);
    const kept = poor.seen[0]?.note.number;
    expect(getSortedNumbers(sound.seen)).toEqual(range(10).filter((number) => number !== kept));
    expect(await subscription.stop()).toEqual({ unsettled: [] });
    await env.waitForCount(sound.seen, 10);
  });
}

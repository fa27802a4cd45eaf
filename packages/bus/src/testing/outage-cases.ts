import { expect, it } from "vitest";
import { BusError } from "../error.ts";
import {
  createCollector,
  numbersOf,
  publisherOf,
  sortedNumbersOf,
  takeRead,
  upTo,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const leaseDurationMs = 1_000;
const backoff = { initialIntervalMs: 100, maxIntervalMs: 300 };

/** outageCases state what happens while what the handlers depend on is gone. */
export function outageCases({ stageOf }: SuiteContext): void {
  it("keeps one event through an outage, and counts no attempt", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    let away = true;
    const { seen, handler } = createCollector(() => {
      if (away) throw new BusError("unavailable", "the database is gone");
    });
    const subscription = await takeRead(bus, "needy", { handler, leaseDurationMs, backoff });
    const { noteRead } = publisherOf(bus);
    await noteRead({ number: 0 });
    await stage.untilThere(seen, 12);
    await stage.until("a rest", () => subscription.health().delayed === 1);
    expect(subscription.health()).toMatchObject({ state: "paused", running: 0, failures: 0 });
    expect(subscription.health().lastError).toMatchObject({ message: "the database is gone" });
    // Longer than the lease: nobody else gets it.
    await stage.pass(leaseDurationMs * 2.5);
    away = false;
    const before = seen.length;
    await stage.until("the end of it", () => subscription.health().state === "running");
    await noteRead({ number: 1 });
    await stage.until("the next event", () => numbersOf(seen).includes(1));
    expect(new Set(seen.map(({ delivery }) => delivery.attempt))).toEqual(new Set([1]));
    expect(seen.length).toBeLessThanOrEqual(before + 2);
  });

  it("tries one event alone while it is paused, and all of them afterwards", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    let away = true;
    const full = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(async () => {
      await full.promise;
      if (away) throw new BusError("unavailable", "the database is gone");
    });
    const done: number[] = [];
    const subscription = await takeRead(bus, "needy", {
      handler: async (note, delivery) => {
        await handler(note, delivery);
        done.push(note.number);
      },
      leaseDurationMs,
      backoff,
      concurrency: 4,
      prefetch: 4,
    });
    const { noteRead } = publisherOf(bus);
    for (const number of upTo(30)) await noteRead({ number });
    await stage.until("a full process", () => subscription.health().waiting === 4);
    full.resolve();
    await stage.until("a pause", () => subscription.health().state === "paused");
    await stage.pass(1_000);
    const sofar = seen.length;
    await stage.untilThere(seen, sofar + 5);
    expect(new Set(numbersOf(seen.slice(sofar))).size).toBe(1);
    expect(subscription.health()).toMatchObject({ waiting: 0 });
    away = false;
    await stage.untilThere(done, 30);
    expect(done.toSorted((a, b) => a - b)).toEqual(upTo(30));
    expect(Math.max(...seen.map(({ delivery }) => delivery.attempt))).toBe(1);
  });

  it("gives the others back, to processes that have what it lacks", async () => {
    await using stage = await stageOf();
    const poor = createCollector(() => {
      throw new BusError("unavailable", "the database is gone");
    });
    const options = { handler: poor.handler, leaseDurationMs: 600_000, backoff, concurrency: 1 };
    const bus = await stage.openBus();
    const subscription = await takeRead(bus, "needy", options);
    const { noteRead } = publisherOf(bus);
    for (const number of upTo(10)) await noteRead({ number });
    await stage.until("a pause", () => subscription.health().state === "paused");
    const sound = createCollector();
    await takeRead(await stage.openBus(), "needy", sound);
    await stage.untilThere(sound.seen, 9);
    const kept = poor.seen[0]?.note.number;
    expect(sortedNumbersOf(sound.seen)).toEqual(upTo(10).filter((number) => number !== kept));
    expect(await subscription.stop()).toEqual({ unsettled: [] });
    await stage.untilThere(sound.seen, 10);
  });
}

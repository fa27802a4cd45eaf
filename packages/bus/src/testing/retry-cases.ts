import { expect, it } from "vitest";
import { createCollector, numbersOf, publisherOf, takeRead, takeWritten, upTo } from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const backoff = { initialIntervalMs: 200, maxIntervalMs: 600, jitter: 0.2 };

/** retryCases state what happens to events that are not acknowledged. */
export function retryCases({ stageOf }: SuiteContext): void {
  it("brings an event again when its handler fails, later each time, with its attempt", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const times: number[] = [];
    const { seen, handler } = createCollector((_, { attempt }) => {
      times.push(stage.now());
      if (attempt < 5) throw new Error(`attempt ${attempt} fails`);
    });
    const subscription = await takeRead(bus, "failing", { handler, backoff });
    await publisherOf(bus).noteRead({ number: 1 }, { id: "one" });
    await stage.untilThere(seen, 5);
    expect(seen.map(({ delivery }) => delivery.attempt)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(seen.map(({ delivery }) => delivery.id))).toEqual(new Set(["one"]));
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // At most a fifth less than 200, 400, 600, 600; a millisecond is lost to rounding.
    for (const [index, least] of [159, 319, 479, 479].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(least);
    }
    expect(subscription.health()).toMatchObject({ state: "running", failures: 4 });
    expect(subscription.health().lastError?.message).toBe("attempt 4 fails");
  });

  it("hands on the others while one waits for its retry", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const { seen, handler } = createCollector(({ number }, { attempt }) => {
      if (number === 0 && attempt === 1) throw new Error("not now");
    });
    await takeWritten(bus, "failing", {
      handler,
      concurrency: 1,
      backoff: { initialIntervalMs: 1_000 },
    });
    const { noteWritten } = publisherOf(bus);
    for (const number of upTo(10)) await noteWritten({ author: "one", number });
    await stage.untilThere(seen, 11);
    expect(numbersOf(seen)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
  });

  it("retries one group's failure for that group alone", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const failing = createCollector((_, { attempt }) => {
      if (attempt < 3) throw new Error("not now");
    });
    const sound = createCollector();
    await takeRead(bus, "failing", { handler: failing.handler, backoff });
    await takeRead(bus, "sound", sound);
    await publisherOf(bus).noteRead({ number: 1 });
    await stage.untilThere(failing.seen, 3);
    expect(numbersOf(sound.seen)).toEqual([1]);
  });

  it("hands an event to another process once the lease of the first is over", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const declaration = {
      group: "dying",
      topics: ["notes.read"],
      from: "now" as const,
      leaseDurationMs: 1_000,
    };
    const dying = await stage.openBroker();
    await dying.declare(declaration);
    const leased: number[] = [];
    const stream = await dying.lease(declaration, () => leased.push(stage.now()));
    stream.request(1);
    await publisherOf(bus).noteRead({ number: 1 });
    await stage.untilThere(leased, 1);
    const times: number[] = [];
    const { seen, handler } = createCollector(() => void times.push(stage.now()));
    await takeRead(bus, "dying", { handler, leaseDurationMs: 1_000 });
    await stage.untilThere(seen, 1);
    expect(seen[0]?.delivery.attempt).toBe(2);
    expect(Number(times[0]) - Number(leased[0])).toBeGreaterThanOrEqual(900);
  });
}

import { expect, it } from "vitest";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  range,
  subscribeRead,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const backoff = { initialIntervalMs: 200, maxIntervalMs: 600, jitter: 0.2 };

/** retryCases state what happens to events that are not acknowledged. */
export function retryCases({ setUp }: SuiteContext): void {
  it("brings an event again when its handler fails, later each time, with its attempt", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const times: number[] = [];
    const { seen, handler } = createCollector((_, { attempt }) => {
      times.push(env.now());
      if (attempt < 5) throw new Error(`attempt ${attempt} fails`);
    });
    const subscription = await subscribeRead(bus, "failing", { handler, backoff });
    await createNotePublisher(bus).noteRead({ number: 1 }, { id: "one" });
    await env.waitForCount(seen, 5);
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
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector(({ number }, { attempt }) => {
      if (number === 0 && attempt === 1) throw new Error("not now");
    });
    await subscribeWritten(bus, "failing", {
      handler,
      concurrency: 1,
      backoff: { initialIntervalMs: 1_000 },
    });
    const { noteWritten } = createNotePublisher(bus);
    for (const number of range(10)) await noteWritten({ author: "one", number });
    await env.waitForCount(seen, 11);
    expect(getNumbers(seen)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
  });

  it("retries one group's failure for that group alone", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const failing = createCollector((_, { attempt }) => {
      if (attempt < 3) throw new Error("not now");
    });
    const sound = createCollector();
    await subscribeRead(bus, "failing", { handler: failing.handler, backoff });
    await subscribeRead(bus, "sound", sound);
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitForCount(failing.seen, 3);
    expect(getNumbers(sound.seen)).toEqual([1]);
  });

  it("hands an event to another process once the lease of the first is over", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const declaration = {
      group: "dying",
      topics: ["notes.read"],
      from: "now" as const,
      leaseDurationMs: 1_000,
    };
    const dying = await env.openBroker();
    await dying.declare(declaration);
    const leased: number[] = [];
    const stream = await dying.lease(declaration, () => leased.push(env.now()));
    stream.request(1);
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitForCount(leased, 1);
    const times: number[] = [];
    const { seen, handler } = createCollector(() => void times.push(env.now()));
    await subscribeRead(bus, "dying", { handler, leaseDurationMs: 1_000 });
    await env.waitForCount(seen, 1);
    expect(seen[0]?.delivery.attempt).toBe(2);
    expect(Number(times[0]) - Number(leased[0])).toBeGreaterThanOrEqual(900);
  });
}

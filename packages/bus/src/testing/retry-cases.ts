import { expect, it } from "vitest";
import type { Lease } from "../broker.ts";
import { BusError } from "../error.ts";
import { withLeases } from "./faults.ts";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  publishNotes,
  range,
  subscribeRead,
  subscribeWritten,
  waitForAbort,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const backoff = { initialIntervalMs: 200, maxIntervalMs: 600, jitter: 0.2 };

/** Registers the cases of retries: a failed event is redelivered with backoff. */
export function registerRetryCases({ setUp }: SuiteContext): void {
  it("redelivers a failed event with growing delays, and counts its attempts", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const times: number[] = [];
    const lastErrors: (string | undefined)[] = [];
    const { seen, handler } = createCollector((_, { attempt }) => {
      times.push(env.now());
      lastErrors.push(bus.health().subscriptions[0]?.lastError?.message);
      if (attempt < 5) throw new Error(`attempt ${attempt} fails`);
    });
    const subscription = await subscribeRead(bus, "failing", { handler, backoff });
    await createNotePublisher(bus).noteRead({ number: 1 }, { id: "one" });
    await env.waitForCount(seen, 5);
    expect(seen.map(({ delivery }) => delivery.attempt)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(seen.map(({ delivery }) => delivery.id))).toEqual(new Set(["one"]));
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // 200, 400, 600 and 600 ms, less a fifth for jitter, less 1 ms for rounding.
    for (const [index, least] of [159, 319, 479, 479].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(least);
    }
    expect(subscription.health()).toMatchObject({ state: "running", failures: 4 });
    expect(lastErrors).toEqual([undefined, ...[1, 2, 3, 4].map((n) => `attempt ${n} fails`)]);
  });

  it("delivers other events while one waits for its retry", async () => {
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

  it("redelivers a failed event to the failing group alone", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const failing = createCollector((_, { attempt }) => {
      if (attempt < 3) throw new Error("not now");
    });
    const other = createCollector();
    await subscribeRead(bus, "failing", { handler: failing.handler, backoff });
    await subscribeRead(bus, "others", other);
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitForCount(failing.seen, 3);
    expect(getNumbers(other.seen)).toEqual([1]);
  });

  it("delivers an event to another process once the lease of the first ends", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const declaration = {
      group: "crashed",
      topics: ["notes.read"],
      from: "now" as const,
      leaseDurationMs: 1_000,
    };
    const crashed = await env.openBroker();
    await crashed.declare(declaration);
    const leased: number[] = [];
    const stream = await crashed.lease(declaration, () => leased.push(env.now()));
    stream.request(1);
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitForCount(leased, 1);
    const times: number[] = [];
    const { seen, handler } = createCollector(() => void times.push(env.now()));
    await subscribeRead(bus, "crashed", { handler, leaseDurationMs: 1_000 });
    await env.waitForCount(seen, 1);
    // The crash of a process is no failure of its handler.
    expect(seen[0]?.delivery).toMatchObject({ attempt: 1, redelivered: true });
    expect(Number(times[0]) - Number(leased[0])).toBeGreaterThanOrEqual(900);
  });

  it("counts the failures of all processes of a group", async () => {
    await using env = await setUp();
    const attempts: number[] = [];
    const options = { backoff: { initialIntervalMs: 50, maxIntervalMs: 50 }, maxAttempts: 4 };
    const { noteRead } = createNotePublisher(await env.openBus());
    for (const count of [2, 3, 4]) {
      const bus = await env.openBus();
      const stopping = Promise.withResolvers<void>();
      const { handler } = createCollector(async (_, { attempt }) => {
        if (attempts.push(attempt) >= count) stopping.resolve();
        throw new Error(`failure ${attempts.length}`);
      });
      const subscription = await subscribeRead(bus, "failing", { handler, ...options });
      if (count === 2) await noteRead({ number: 1 });
      await env.waitFor(`${count} failures`, () => attempts.length >= count);
      await stopping.promise;
      if (count < 4) await subscription.stop();
      else await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    }
    expect(attempts).toEqual([1, 2, 3, 4]);
    const letters = await (await env.openBus()).deadLetters("failing").list();
    expect(letters).toMatchObject([{ cause: "attempts", attempts: 4, error: "failure 4" }]);
  });

  it("does not count the releases of seven deploys", async () => {
    await using env = await setUp();
    const { noteRead } = createNotePublisher(await env.openBus());
    const options = { backoff: { initialIntervalMs: 50, maxIntervalMs: 50 }, maxAttempts: 2 };
    for (const deploy of range(7)) {
      const bus = await env.openBus();
      const { seen, handler } = createCollector((_, { signal }) => waitForAbort(signal));
      await subscribeRead(bus, "deployed", { handler, ...options });
      if (deploy === 0) await noteRead({ number: 1 });
      await env.waitForCount(seen, 1);
      expect(await bus.close({ timeoutMs: 100 })).toEqual({ unsettled: [] });
    }
    const { seen, handler } = createCollector((_, { attempt }) => {
      if (attempt === 1) throw new Error("not now");
    });
    const subscription = await subscribeRead(await env.openBus(), "deployed", {
      handler,
      ...options,
    });
    await env.waitFor("the ack", () => subscription.health().handled === 1);
    expect(seen.map(({ delivery }) => delivery.attempt)).toEqual([1, 2]);
    expect(subscription.health()).toMatchObject({ failures: 1, deadLettered: 0 });
  });

  it.each(["read", "recorded"])(
    "loses no event, and counts none too often, while failures cannot be %s",
    async (what) => {
      await using env = await setUp();
      const lost = new BusError("unavailable", "no answer");
      const broken: Partial<Lease> =
        what === "read"
          ? { readFailures: () => Promise.reject(lost) }
          : { recordFailures: () => Promise.reject(lost) };
      const bus = await env.openBus((broker) =>
        withLeases(broker, (lease) => ({ ...lease, ...broken })),
      );
      const { seen, handler } = createCollector(() => {
        if (seen.length < 5) throw new Error("not now");
      });
      const subscription = await subscribeRead(bus, "failing", {
        handler,
        backoff: { initialIntervalMs: 20, maxIntervalMs: 50 },
        maxAttempts: 2,
      });
      await createNotePublisher(bus).noteRead({ number: 1 });
      await env.waitFor("the ack", () => subscription.health().handled === 1);
      expect(seen.map(({ delivery }) => delivery.attempt)).toEqual([1, 1, 1, 1, 1]);
      expect(subscription.health()).toMatchObject({ failures: 4, deadLettered: 0 });
    },
  );

  it("delivers a hundred events although two attempts fail", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    await publishNotes(bus, 100);
    let failures = 2;
    const { seen, handler } = createCollector(() => {
      if (failures-- > 0) throw new Error("not now");
    });
    await subscribeRead(bus, "readers", {
      handler,
      from: "start",
      backoff: { initialIntervalMs: 20, maxIntervalMs: 40 },
    });
    await env.waitForCount(seen, 102);
    expect(new Set(getNumbers(seen)).size).toBe(100);
  });
}

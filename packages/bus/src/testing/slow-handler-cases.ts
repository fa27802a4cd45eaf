import { expect, it } from "vitest";
import { PermanentError } from "../consume/handler-errors.ts";
import { createCollector, createNotePublisher, getNumbers, range, subscribeRead } from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const leaseDurationMs = 1_000;

/** Registers the cases of slow handlers: heartbeats and timeouts. */
export function registerSlowHandlerCases({ setUp }: SuiteContext): void {
  it("extends the lease of an event while its handler runs", async () => {
    await using env = await setUp();
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(({ number }) =>
      number === 0 ? gate.promise : undefined,
    );
    for (const _ of range(2))
      await subscribeRead(await env.openBus(), "slow", { handler, leaseDurationMs });
    const { noteRead } = createNotePublisher(await env.openBus());
    await noteRead({ number: 0 });
    await env.waitForCount(seen, 1);
    await env.elapse(leaseDurationMs * 2.5);
    gate.resolve();
    await noteRead({ number: 1 });
    await env.waitForCount(seen, 2);
    expect(getNumbers(seen)).toEqual([0, 1]);
  });

  it("extends the lease whatever the wall clock is set to", async () => {
    await using env = await setUp();
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(() => gate.promise);
    const subscriptions = await Promise.all(
      range(2).map(async () =>
        subscribeRead(await env.openBus(), "slow", { handler, leaseDurationMs }),
      ),
    );
    await createNotePublisher(await env.openBus()).noteRead({ number: 0 });
    await env.waitForCount(seen, 1);
    env.shiftWallClock(-3_600_000);
    await env.elapse(leaseDurationMs * 2.5);
    gate.resolve();
    await env.waitFor("the ack", () => subscriptions.some((one) => one.health().handled === 1));
    expect(seen).toHaveLength(1);
  });

  it("aborts a handler at its timeout whatever the wall clock is set to", async () => {
    await using env = await setUp();
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(() => gate.promise);
    const options = { handler, leaseDurationMs, handlerTimeoutMs: 400, maxAttempts: 1 };
    const subscription = await subscribeRead(await env.openBus(), "slow", options);
    await createNotePublisher(await env.openBus()).noteRead({ number: 0 });
    await env.waitForCount(seen, 1);
    env.shiftWallClock(-3_600_000);
    await env.waitFor("the timeout", () => subscription.health().failures === 1);
    expect(seen[0]?.delivery.signal.aborted).toBe(true);
    gate.resolve();
  });

  it("extends the leases of events that wait for a slow handler", async () => {
    await using env = await setUp();
    const gate = Promise.withResolvers<void>();
    const first = createCollector(() => gate.promise);
    const subscription = await subscribeRead(await env.openBus(), "slow", {
      handler: first.handler,
      leaseDurationMs,
      concurrency: 1,
      prefetch: 3,
    });
    const { noteRead } = createNotePublisher(await env.openBus());
    for (const number of range(4)) await noteRead({ number });
    await env.waitFor("a full prefetch buffer", () => subscription.health().waiting === 3);
    const second = createCollector();
    await subscribeRead(await env.openBus(), "slow", { handler: second.handler, leaseDurationMs });
    await env.elapse(leaseDurationMs * 2.5);
    expect(second.seen).toEqual([]);
    gate.resolve();
    await env.waitForCount(first.seen, 4);
    expect(first.seen.map(({ delivery }) => delivery.attempt)).toEqual([1, 1, 1, 1]);
  });

  it("aborts the signal at handlerTimeoutMs, and counts a failed attempt", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    let lastError: Error | undefined;
    const { seen, handler } = createCollector(async (_, { attempt, signal }) => {
      if (attempt > 1) {
        lastError = bus.health().subscriptions[0]?.lastError;
        return;
      }
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
      });
    });
    const subscription = await subscribeRead(bus, "slow", {
      handler,
      leaseDurationMs,
      handlerTimeoutMs: 400,
      backoff: { initialIntervalMs: 100 },
    });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitForCount(seen, 2);
    expect(seen[0]?.delivery.signal.reason).toMatchObject({ code: "deadline_exceeded" });
    expect(seen[1]?.delivery.signal.aborted).toBe(false);
    expect(subscription.health().failures).toBe(1);
    expect(lastError).toMatchObject({ code: "deadline_exceeded" });
  });

  it("passes each attempt its own signal, whatever aborted before", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector((_, { attempt, signal }) => {
      if (signal.aborted) throw new PermanentError("aborted before it began");
      if (attempt === 1) throw new Error("not now");
    });
    const options = { handler, backoff: { initialIntervalMs: 20, maxIntervalMs: 20 } };
    const subscription = await subscribeRead(bus, "readers", options);
    const publishing = new AbortController();
    await createNotePublisher(bus).noteRead({ number: 1 }, { signal: publishing.signal });
    publishing.abort();
    await env.waitForCount(seen, 2);
    await env.waitFor("the handled event", () => subscription.health().handled === 1);
    const [first, second] = seen.map(({ delivery }) => delivery.signal);
    expect(second).not.toBe(first);
    expect(subscription.health().deadLettered).toBe(0);
  });
}

import { expect, it } from "vitest";
import type { EventLoss } from "../consume/event-loss.ts";
import { createCollector, getSortedNumbers, publishNotes, range, subscribeRead } from "./notes.ts";
import { requireHook, type SuiteContext } from "./suite-context.ts";

/** Registers the cases of retention that overtakes a group. */
export function registerDataLossCases({ setUp }: SuiteContext): void {
  const reason = "this broker keeps events until every group has processed them";

  it("reports data_loss with how many when retention overtakes a group, and to that group alone", async ({
    skip,
  }) => {
    await using env = await setUp();
    const purgeTopic = requireHook(env.fixture.purgeTopic, { skip, reason });
    const bus = await env.openBus();
    const gate = Promise.withResolvers<void>();
    const slow = createCollector(() => gate.promise);
    const quick = createCollector();
    const losses: EventLoss[] = [];
    const onDataLoss = (loss: EventLoss) => losses.push(loss);
    const options = { ...slow, concurrency: 1, prefetch: 0, onDataLoss };
    const behind = await subscribeRead(bus, "behind", options);
    const ahead = await subscribeRead(bus, "ahead", { ...quick, confirmAcks: true, onDataLoss });
    await publishNotes(bus, 10);
    await env.waitForCount(quick.seen, 10);
    await env.waitForCount(slow.seen, 1);
    expect(behind.health().lost).toBe(0);
    await purgeTopic("notes.read", 4);
    await env.waitFor("the loss", () => behind.health().lost > 0);
    expect(losses).toEqual([{ group: "behind", topic: "notes.read", count: 5 }]);
    expect(behind.health()).toMatchObject({ lost: 5, lastError: { code: "data_loss" } });
    expect((await behind.stats()).progress).toMatchObject({ lost: 5, topics: [{ lost: 5 }] });
    gate.resolve();
    await env.waitForCount(slow.seen, 5);
    expect(getSortedNumbers(slow.seen)).toEqual([0, ...range(10).slice(6)]);
    expect((await behind.stats()).progress).toMatchObject({ lost: 5 });
    expect((await ahead.stats()).progress).toMatchObject({ lost: 0 });
    expect(ahead.health()).not.toHaveProperty("lastError");
  });

  it("reports an event that is retried after it was removed", async ({ skip }) => {
    await using env = await setUp();
    const purgeTopic = requireHook(env.fixture.purgeTopic, { skip, reason });
    const gate = Promise.withResolvers<void>();
    const { seen, handler } = createCollector(() => gate.promise);
    const bus = await env.openBus();
    const options = { handler, concurrency: 1, prefetch: 0 };
    const subscription = await subscribeRead(bus, "readers", options);
    await publishNotes(bus, 2);
    await env.waitForCount(seen, 1);
    await purgeTopic("notes.read", 0);
    await env.waitFor("the loss", () => subscription.health().lost === 1);
    gate.reject(new Error("not today"));
    await env.waitFor("the second loss", () => subscription.health().lost === 2);
    expect(seen).toHaveLength(1);
  });

  it("reports what a group lost while none of its processes ran, once", async ({ skip }) => {
    await using env = await setUp();
    const purgeTopic = requireHook(env.fixture.purgeTopic, { skip, reason });
    const before = createCollector();
    const options = { concurrency: 1, prefetch: 0, confirmAcks: true };
    const first = await subscribeRead(await env.openBus(), "readers", { ...before, ...options });
    const publisher = await env.openBus();
    await publishNotes(publisher, 3);
    await env.waitForCount(before.seen, 3);
    await first.stop();
    await publishNotes(publisher, 5, { from: 3 });
    await purgeTopic("notes.read", 0);
    for (const lost of [5, 0]) {
      const after = createCollector();
      const again = await subscribeRead(await env.openBus(), "readers", { ...after, ...options });
      await env.waitFor("the loss", () => again.health().lost >= lost);
      await publishNotes(publisher, 1, { from: 8 + lost });
      await env.waitForCount(after.seen, 1);
      expect((await again.stats()).progress).toMatchObject({ lost: 5, pending: 0 });
      expect(again.health().lost).toBe(lost);
      await again.stop();
    }
  });
}

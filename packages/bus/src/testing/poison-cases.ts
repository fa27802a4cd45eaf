import { expect, it } from "vitest";
import type { EventBus } from "../bus.ts";
import { withLeases } from "./faults.ts";
import { createCollector, createNotePublisher, range, subscribeRead } from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";
import type { TestEnvironment } from "./test-environment.ts";

const backoff = { initialIntervalMs: 50, maxIntervalMs: 100 };

/** Registers the cases of events that were delivered far more often than their attempts allow. */
export function registerPoisonCases({ setUp }: SuiteContext): void {
  it("delivers an event that was released far more often than maxAttempts", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    await nakRepeatedly(env, bus, 25);
    const { seen, handler } = createCollector((_, { attempt }) => {
      if (attempt === 1) throw new Error("not now");
    });
    const subscription = await subscribeRead(bus, "busy", { handler, backoff, maxAttempts: 2 });
    await env.waitForCount(seen, 2);
    await env.waitFor("the ack", () => subscription.health().handled === 1);
    expect(seen.map(({ delivery }) => delivery.attempt)).toEqual([1, 2]);
    expect(subscription.health()).toMatchObject({ deadLettered: 0, failures: 1 });
  });

  it("dead-letters a poison message, delivered far beyond maxAttempts, that ended its last processes", async () => {
    await using env = await setUp();
    const options = { maxAttempts: 2, leaseDurationMs: 300 };
    await nakRepeatedly(env, await env.openBus(), 20);
    const gate = Promise.withResolvers<void>();
    for (const _ of range(2)) {
      let crashed = false;
      const crashing = createCollector(() => {
        crashed = true;
        return gate.promise;
      });
      const bus = await env.openBus((broker) =>
        withLeases(broker, (lease) => ({
          ...lease,
          extend: () => (crashed ? Promise.resolve() : lease.extend()),
          ack: () => undefined,
          nak: () => Promise.resolve(),
        })),
      );
      const subscription = await subscribeRead(bus, "busy", {
        handler: crashing.handler,
        concurrency: 1,
        prefetch: 0,
        ...options,
      });
      await env.waitForCount(crashing.seen, 1);
      await subscription.stop({ timeoutMs: 0 });
    }
    const { seen, handler } = createCollector();
    const bus = await env.openBus();
    const subscription = await subscribeRead(bus, "busy", { handler, ...options });
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    gate.resolve();
    expect(seen).toEqual([]);
    const [letter] = await bus.deadLetters("busy").list();
    expect(letter).toMatchObject({ cause: "poison", attempts: 2 });
  });
}

/** Declares the group "busy", publishes one event, and leases and naks it `times` times. */
async function nakRepeatedly(env: TestEnvironment, bus: EventBus, times: number): Promise<void> {
  const broker = await env.openBroker();
  const topics = ["notes.read"];
  const group = { group: "busy", topics, from: "now" as const, leaseDurationMs: 10_000 };
  await broker.declare(group);
  await createNotePublisher(bus).noteRead({ number: 1 });
  let naks = 0;
  const stream = await broker.lease(group, (lease) => {
    void lease.nak({ delayMs: 0 });
    naks++;
    if (naks < times) stream.request(1);
  });
  stream.request(1);
  await env.waitFor(`${times} naks`, () => naks === times);
  await stream.close();
}

import { expect, it } from "vitest";
import type { Broker } from "../broker.ts";
import { withLeases } from "./faults.ts";
import { createCollector, createNotePublisher, getNumbers, subscribeRead } from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const leaseDurationMs = 1_000;

/** ackCases state what an acknowledgement does, and what comes of one that is lost. */
export function ackCases({ setUp }: SuiteContext): void {
  it("acknowledges an event when its handler returns, and it does not come again", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeRead(bus, "readers", { handler, leaseDurationMs });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitForCount(seen, 1);
    await env.elapse(leaseDurationMs * 2.5);
    await createNotePublisher(bus).noteRead({ number: 2 });
    await env.waitForCount(seen, 2);
    expect(getNumbers(seen)).toEqual([1, 2]);
  });

  it("brings an event again whose acknowledgement gets lost, and loses none", async () => {
    await using env = await setUp();
    let lost = 0;
    const bus = await env.openBus((broker) =>
      withLeases(broker, (lease) => ({
        ...lease,
        ack: (options) => {
          if (lost++ > 0) return lease.ack(options);
          return Promise.resolve();
        },
      })),
    );
    const { seen, handler } = createCollector();
    await subscribeRead(bus, "readers", { handler, leaseDurationMs });
    await createNotePublisher(bus).noteRead({ number: 1 }, { id: "one" });
    await env.waitForCount(seen, 2);
    expect(seen.map(({ delivery }) => delivery.id)).toEqual(["one", "one"]);
    expect(seen[1]?.delivery.attempt).toBe(2);
    expect(lost).toBe(2);
  });

  it("has each acknowledgement confirmed by the broker where that is asked for", async () => {
    await using env = await setUp();
    const asked: boolean[] = [];
    const watched = (broker: Broker) =>
      withLeases(broker, (lease) => ({
        ...lease,
        ack(options) {
          asked.push(options.confirmed);
          return lease.ack(options);
        },
      }));
    const bus = await env.openBus(watched);
    const { seen, handler } = createCollector();
    const subscription = await subscribeRead(bus, "sure", { handler, confirmAcks: true });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitForCount(seen, 1);
    await env.waitFor("the confirmation", () => subscription.health().running === 0);
    expect(asked).toEqual([true]);
    await subscribeRead(bus, "quick", { handler });
    await createNotePublisher(bus).noteRead({ number: 2 });
    await env.waitFor("two more", () => asked.length === 3);
    expect(asked.filter((confirmed) => confirmed)).toHaveLength(2);
  });
}

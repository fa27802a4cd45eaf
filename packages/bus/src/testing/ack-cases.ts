import { expect, it } from "vitest";
import type { Broker } from "../broker.ts";
import { withLeases } from "./faults.ts";
import { createCollector, createNotePublisher, getNumbers, subscribeRead } from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const leaseDurationMs = 1_000;

/** Registers the cases of acknowledgements: a handler that returns acks its event. */
export function registerAckCases({ setUp }: SuiteContext): void {
  it("acknowledges an event when its handler returns, and never redelivers it", async () => {
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

  it("redelivers an event whose ack is lost", async () => {
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
    expect(seen.map(({ delivery }) => delivery.attempt)).toEqual([1, 1]);
    expect(seen.map(({ delivery }) => delivery.redelivered)).toEqual([false, true]);
    expect(lost).toBe(2);
  });

  it("confirms every ack when confirmAcks is set", async () => {
    await using env = await setUp();
    const confirmations: boolean[] = [];
    const observe = (broker: Broker) =>
      withLeases(broker, (lease) => ({
        ...lease,
        ack(options) {
          confirmations.push(options.confirmed);
          return lease.ack(options);
        },
      }));
    const bus = await env.openBus(observe);
    const { seen, handler } = createCollector();
    const subscription = await subscribeRead(bus, "confirming", { handler, confirmAcks: true });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitForCount(seen, 1);
    await env.waitFor("the confirmed ack", () => subscription.health().running === 0);
    expect(confirmations).toEqual([true]);
    await subscribeRead(bus, "others", { handler });
    await createNotePublisher(bus).noteRead({ number: 2 });
    await env.waitFor("two more acks", () => confirmations.length === 3);
    expect(confirmations.filter((confirmed) => confirmed)).toHaveLength(2);
  });
}

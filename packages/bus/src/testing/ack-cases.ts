import { expect, it } from "vitest";
import type { Broker, Lease } from "../broker.ts";
import { createCollector, numbersOf, publisherOf, takeRead } from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const leaseDurationMs = 1_000;

/** ackCases state what an acknowledgement does, and what comes of one that is lost. */
export function ackCases({ stageOf }: SuiteContext): void {
  it("acknowledges an event when its handler returns, and it does not come again", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const { seen, handler } = createCollector();
    await takeRead(bus, "readers", { handler, leaseDurationMs });
    await publisherOf(bus).noteRead({ number: 1 });
    await stage.untilThere(seen, 1);
    await stage.pass(leaseDurationMs * 2.5);
    await publisherOf(bus).noteRead({ number: 2 });
    await stage.untilThere(seen, 2);
    expect(numbersOf(seen)).toEqual([1, 2]);
  });

  it("brings an event again whose acknowledgement gets lost, and loses none", async () => {
    await using stage = await stageOf();
    let lost = 0;
    const bus = await stage.openBus((broker) =>
      withLeases(broker, (lease) => ({
        ...lease,
        ack: (options) => {
          if (lost++ > 0) return lease.ack(options);
          return Promise.resolve();
        },
      })),
    );
    const { seen, handler } = createCollector();
    await takeRead(bus, "readers", { handler, leaseDurationMs });
    await publisherOf(bus).noteRead({ number: 1 }, { id: "one" });
    await stage.untilThere(seen, 2);
    expect(seen.map(({ delivery }) => delivery.id)).toEqual(["one", "one"]);
    expect(seen[1]?.delivery.attempt).toBe(2);
    expect(lost).toBe(2);
  });

  it("has each acknowledgement confirmed by the broker where that is asked for", async () => {
    await using stage = await stageOf();
    const asked: boolean[] = [];
    const watched = (broker: Broker) =>
      withLeases(broker, (lease) => ({
        ...lease,
        ack(options) {
          asked.push(options.confirmed);
          return lease.ack(options);
        },
      }));
    const bus = await stage.openBus(watched);
    const { seen, handler } = createCollector();
    const subscription = await takeRead(bus, "sure", { handler, confirmAcks: true });
    await publisherOf(bus).noteRead({ number: 1 });
    await stage.untilThere(seen, 1);
    await stage.until("the confirmation", () => subscription.health().running === 0);
    expect(asked).toEqual([true]);
    await takeRead(bus, "quick", { handler });
    await publisherOf(bus).noteRead({ number: 2 });
    await stage.until("two more", () => asked.length === 3);
    expect(asked.filter((confirmed) => confirmed)).toHaveLength(2);
  });
}

/** withLeases is a broker whose leases behave otherwise. */
function withLeases(broker: Broker, change: (lease: Lease) => Lease): Broker {
  return {
    ...broker,
    lease: (group, receive) => broker.lease(group, (lease) => receive(change(lease))),
  };
}

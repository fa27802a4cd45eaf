import { describe, expect, it } from "vitest";
import { createTestDelivery } from "../../test/delivery.ts";
import { createManualClock } from "../memory/manual-clock.ts";
import type { InFlightEvent } from "./in-flight-event.ts";
import { createReturnedEvents } from "./returned-events.ts";

function createEvent(sequence: number): InFlightEvent {
  const { event } = createTestDelivery();
  const record = { ...event.lease.record, sequence };
  return { ...event, queueKey: "a", lease: { ...event.lease, record } };
}

describe("createReturnedEvents()", () => {
  it("counts the earlier events of a key until they are back", () => {
    const returned = createReturnedEvents(createManualClock(), 1_000);
    for (const sequence of [5, 3, 4]) returned.add(createEvent(sequence), 100);
    expect([3, 5, 9].map((one) => returned.countEarlier(createEvent(one)))).toEqual([0, 2, 3]);
    expect(returned.countEarlier({ ...createEvent(9), queueKey: "b" })).toBe(0);
    for (const sequence of [4, 4, 3, 5]) returned.remove(createEvent(sequence));
    expect(returned.countEarlier(createEvent(9))).toBe(0);
  });

  it("forgets an event that does not come back in time", async () => {
    const clock = createManualClock();
    const returned = createReturnedEvents(clock, 1_000);
    returned.add(createEvent(1), 100);
    await clock.advance(1_099);
    expect(returned.countEarlier(createEvent(2))).toBe(1);
    await clock.advance(1);
    expect(returned.countEarlier(createEvent(2))).toBe(0);
  });
});

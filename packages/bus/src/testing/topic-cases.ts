import { expect, it } from "vitest";
import { BrokenEvents, NoteEvents, ShelfEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createPublisher } from "../publish/publisher.ts";
import {
  createCollector,
  numbersOf,
  publisherOf,
  sortedNumbersOf,
  takeWritten,
  upTo,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

/** topicCases state that an event's topic is what its method says. */
export function topicCases({ stageOf }: SuiteContext): void {
  it("keeps topics apart, also those that share a message", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const written = createCollector();
    const erased = createCollector();
    await takeWritten(bus, "writers", { handler: written.handler });
    await bus.subscribe("erasers", (on) => on.service(NoteEvents, { noteErased: erased.handler }));
    const { noteWritten, noteErased } = publisherOf(bus);
    await noteErased({ number: 1 });
    await noteWritten({ number: 2 });
    await stage.untilThere(written.seen, 1);
    await stage.untilThere(erased.seen, 1);
    expect(numbersOf(written.seen)).toEqual([2]);
    expect(numbersOf(erased.seen)).toEqual([1]);
  });

  it("carries 20 topics with 100 events each", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const { seen, handler } = createCollector();
    const methods = Object.keys(ShelfEvents.method);
    await bus.subscribe("shelves", (on) =>
      on.service(ShelfEvents, Object.fromEntries(methods.map((method) => [method, handler]))),
    );
    const publisher = createPublisher(ShelfEvents, bus);
    for (const publish of Object.values(publisher)) {
      await Promise.all(upTo(100).map((number) => publish({ number })));
    }
    await stage.untilThere(seen, 2_000);
    const byTopic = Map.groupBy(seen, ({ delivery }) => delivery.topic);
    expect(byTopic.size).toBe(20);
    for (const events of byTopic.values()) expect(sortedNumbersOf(events)).toEqual(upTo(100));
  });

  it("refuses a method that has none, to publish and to handle", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const unknown = expect.objectContaining({ name: "BusError", code: "unknown_topic" });
    expect(() => createPublisher(BrokenEvents, bus)).toThrow(unknown);
    const bound = bus.subscribe("readers", (on) => on.service(BrokenEvents, { silent() {} }));
    await expect(bound).rejects.toEqual(unknown);
  });
}

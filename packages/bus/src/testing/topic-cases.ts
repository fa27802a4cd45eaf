import { expect, it } from "vitest";
import { BrokenEvents, NoteEvents, ShelfEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createPublisher } from "../publish/create-publisher.ts";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  getSortedNumbers,
  range,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

/** Registers the cases of topics: the option of the method is the only source of a topic. */
export function registerTopicCases({ setUp }: SuiteContext): void {
  it("separates topics, also those with the same message type", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const written = createCollector();
    const erased = createCollector();
    await subscribeWritten(bus, "writers", { handler: written.handler });
    await bus.subscribe("erasers", (on) => on.service(NoteEvents, { noteErased: erased.handler }));
    const { noteWritten, noteErased } = createNotePublisher(bus);
    await noteErased({ number: 1 });
    await noteWritten({ number: 2 });
    await env.waitForCount(written.seen, 1);
    await env.waitForCount(erased.seen, 1);
    expect(getNumbers(written.seen)).toEqual([2]);
    expect(getNumbers(erased.seen)).toEqual([1]);
  });

  it("delivers 20 topics with 100 events each", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    const methods = Object.keys(ShelfEvents.method);
    await bus.subscribe("shelves", (on) =>
      on.service(ShelfEvents, Object.fromEntries(methods.map((method) => [method, handler]))),
    );
    const publisher = createPublisher(ShelfEvents, bus);
    for (const publish of Object.values(publisher)) {
      await Promise.all(range(100).map((number) => publish({ number })));
    }
    await env.waitForCount(seen, 2_000);
    const byTopic = Map.groupBy(seen, ({ delivery }) => delivery.topic);
    expect(byTopic.size).toBe(20);
    for (const events of byTopic.values()) expect(getSortedNumbers(events)).toEqual(range(100));
  });

  it("rejects a method without a topic for publishers and handlers", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const unknown = expect.objectContaining({ name: "BusError", code: "unknown_topic" });
    expect(() => createPublisher(BrokenEvents, bus)).toThrow(unknown);
    const bound = bus.subscribe("readers", (on) => on.service(BrokenEvents, { silent() {} }));
    await expect(bound).rejects.toEqual(unknown);
  });
}

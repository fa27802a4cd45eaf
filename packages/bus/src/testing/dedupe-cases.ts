import { expect, it } from "vitest";
import { NoteEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createCollector, numbersOf, publisherOf, takeWritten, upTo } from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

/** The longest window that is waited for where time moves by itself. */
const longestWaitMs = 5_000;

/** dedupeCases state when an id is stored once. */
export function dedupeCases({ features, stageOf }: SuiteContext): void {
  it("stores an id once inside the window, also from another process", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const { seen, handler } = createCollector();
    await takeWritten(bus, "readers", { handler });
    const { noteWritten } = publisherOf(bus);
    const first = await noteWritten({ number: 1 }, { id: "same" });
    const again = await noteWritten({ number: 1 }, { id: "same" });
    const elsewhere = await publisherOf(await stage.openBus()).noteWritten({}, { id: "same" });
    await noteWritten({ number: 2 }, { id: "other" });
    await stage.until("the last event", () => numbersOf(seen).includes(2));
    expect([first, again, elsewhere].map(({ duplicate }) => duplicate)).toEqual([
      false,
      true,
      true,
    ]);
    expect(again.sequence).toBe(first.sequence);
    expect(numbersOf(seen)).toEqual([1, 2]);
  });

  it("stores an id once when it is published many times at once", async () => {
    await using stage = await stageOf();
    const { noteWritten } = publisherOf(await stage.openBus());
    const receipts = await Promise.all(upTo(50).map(() => noteWritten({}, { id: "same" })));
    expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  });

  it("keeps the ids of topics apart", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const { seen, handler } = createCollector();
    await bus.subscribe("readers", (on) =>
      on.service(NoteEvents, { noteWritten: handler, noteErased: handler }),
    );
    const { noteWritten, noteErased } = publisherOf(bus);
    const written = await noteWritten({ number: 1 }, { id: "same" });
    const erased = await noteErased({ number: 2 }, { id: "same" });
    await stage.untilThere(seen, 2);
    expect([written.duplicate, erased.duplicate]).toEqual([false, false]);
    expect(seen.map(({ delivery }) => delivery.topic).toSorted()).toEqual([
      "notes.erased",
      "notes.written",
    ]);
  });

  it("stores an id again outside the window", async ({ skip }) => {
    await using stage = await stageOf();
    const windowMs = features.dedupeWindowMs ?? 0;
    skip(!stage.manual && windowMs > longestWaitMs, `the window is ${windowMs} ms`);
    const { noteWritten } = publisherOf(await stage.openBus());
    await noteWritten({}, { id: "same" });
    // A server forgets ids from time to time, not to the millisecond.
    await stage.pass(windowMs * 2);
    const later = await noteWritten({}, { id: "same" });
    expect(later.duplicate).toBe(false);
  });
}

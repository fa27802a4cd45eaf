import { expect, it } from "vitest";
import { NoteEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import type { Interceptor } from "../interceptor.ts";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  range,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

/** The longest dedupe window that a case waits for in real time. */
const longestWaitMs = 5_000;

/** Registers the cases of the dedupe window. */
export function registerDedupeCases({ features, setUp }: SuiteContext): void {
  it("stores an id once inside the window, across processes", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const { noteWritten } = createNotePublisher(bus);
    const first = await noteWritten({ number: 1 }, { id: "same" });
    const again = await noteWritten({ number: 1 }, { id: "same" });
    const elsewhere = await createNotePublisher(await env.openBus()).noteWritten(
      {},
      { id: "same" },
    );
    await noteWritten({ number: 2 }, { id: "other" });
    await env.waitFor("the last event", () => getNumbers(seen).includes(2));
    expect([first, again, elsewhere].map(({ duplicate }) => duplicate)).toEqual([
      false,
      true,
      true,
    ]);
    expect(again.sequence).toBe(first.sequence);
    expect(getNumbers(seen)).toEqual([1, 2]);
  });

  it("stores an id once when it is published concurrently", async () => {
    await using env = await setUp();
    const { noteWritten } = createNotePublisher(await env.openBus());
    const results = await Promise.all(range(50).map(() => noteWritten({}, { id: "same" })));
    expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  });

  it("stores once what an interceptor publishes twice, although no id was given", async () => {
    await using env = await setUp();
    const repeating: Interceptor = {
      publish: (next) => async (call) => {
        const first = await next(call);
        const second = await next(call);
        expect(second).toMatchObject({ id: first.id, duplicate: true });
        return first;
      },
    };
    const bus = await env.openBus(undefined, { interceptors: [repeating] });
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const { noteWritten } = createNotePublisher(bus);
    await noteWritten({ number: 1 });
    await noteWritten({ number: 2 });
    await env.waitFor("the last event", () => getNumbers(seen).includes(2));
    expect(getNumbers(seen)).toEqual([1, 2]);
  });

  it("stores the same id once per topic", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await bus.subscribe("readers", (on) =>
      on.service(NoteEvents, { noteWritten: handler, noteErased: handler }),
    );
    const { noteWritten, noteErased } = createNotePublisher(bus);
    const written = await noteWritten({ number: 1 }, { id: "same" });
    const erased = await noteErased({ number: 2 }, { id: "same" });
    await env.waitForCount(seen, 2);
    expect([written.duplicate, erased.duplicate]).toEqual([false, false]);
    expect(seen.map(({ delivery }) => delivery.topic).toSorted()).toEqual([
      "notes.erased",
      "notes.written",
    ]);
  });

  it("stores an id again outside the window", async ({ skip }) => {
    await using env = await setUp();
    const windowMs = features.dedupeWindowMs ?? 0;
    skip(!env.hasManualTime && windowMs > longestWaitMs, `the window is ${windowMs} ms`);
    const { noteWritten } = createNotePublisher(await env.openBus());
    await noteWritten({}, { id: "same" });
    // Servers evict ids at intervals, not to the millisecond.
    await env.elapse(windowMs * 2);
    const later = await noteWritten({}, { id: "same" });
    expect(later.duplicate).toBe(false);
  });
}

import { describe, expect, it } from "vitest";
import { BusError } from "../error.ts";
import { BrokenEvents, NoteEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import type { Interceptor } from "../interceptor.ts";
import { createMemoryBus } from "../memory/memory-bus.ts";
import { createCollector, getNumbers, range, subscribeWritten } from "../testing/notes.ts";
import { createEvent } from "./create-event.ts";

const createNote = (number: number) =>
  createEvent(NoteEvents.method.noteWritten, { author: "zoe", number }, { id: `note/${number}` });

/** Passes later events on sooner, and rejects the fourth. */
const slowInterceptor: Interceptor = {
  publish: (next) => async (call) => {
    const number = Number(call.options.id?.slice(5));
    if (number === 3) throw new BusError("invalid_argument", "not this one");
    for (let i = 0; i < 5 * (50 - number); i++) await Promise.resolve();
    return await next(call);
  },
};

describe("publishAll()", () => {
  it("keeps the order of slow interceptors, and omits the events that they reject", async () => {
    await using bus = createMemoryBus({ interceptors: [slowInterceptor] });
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const outcomes = await bus.publishAll(range(50).map(createNote));
    expect(outcomes[3]).toMatchObject({ outcome: "rejected", error: { message: "not this one" } });
    await bus.idle();
    expect(getNumbers(seen)).toEqual(range(50).filter((number) => number !== 3));
    expect(await bus.stats()).toMatchObject({ published: 49, rejected: 1, publishing: 0 });
  });

  it("stores no event of an atomic batch when an interceptor rejects one", async () => {
    await using bus = createMemoryBus({ interceptors: [slowInterceptor] });
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const publishing = bus.publishAll(range(5).map(createNote), { atomic: true });
    await expect(publishing).rejects.toMatchObject({ message: "not this one" });
    expect(await bus.stats()).toMatchObject({ publishing: 0, published: 0, rejected: 5 });
    await bus.publishAll([createNote(9), createNote(8)], { atomic: true });
    await bus.idle();
    expect(getNumbers(seen)).toEqual([9, 8]);
  });

  it("omits an event that an interceptor answers itself", async () => {
    const result = { id: "note/1", topic: "notes.written", duplicate: false, sequence: 0 };
    const answeringInterceptor: Interceptor = {
      publish: (next) => async (call) => (call.options.id === "note/1" ? result : next(call)),
    };
    await using bus = createMemoryBus({ interceptors: [answeringInterceptor] });
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const outcomes = await bus.publishAll(range(3).map(createNote), { atomic: true });
    expect(outcomes[1]).toEqual({ outcome: "stored", result });
    await bus.idle();
    expect(getNumbers(seen)).toEqual([0, 2]);
  });

  it("reports unknown when an event may be stored", async () => {
    await using bus = createMemoryBus();
    const options = { signal: AbortSignal.abort() };
    expect(await bus.publishAll([createNote(1)], options)).toMatchObject([
      { outcome: "unknown", error: { code: "aborted" } },
    ]);
    await bus.close();
    await expect(bus.publishAll([createNote(1)])).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("createEvent()", () => {
  it("throws for a method without a topic", () => {
    expect(() => createEvent(BrokenEvents.method.silent, {})).toThrow(
      expect.objectContaining({ code: "unknown_topic" }),
    );
  });
});

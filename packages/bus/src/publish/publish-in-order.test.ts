import { describe, expect, it } from "vitest";
import { BusError } from "../error.ts";
import { BrokenEvents, NoteEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import type { Interceptor } from "../interceptor.ts";
import { createMemoryBus } from "../memory/memory-bus.ts";
import { createCollector, getNumbers, range, subscribeWritten } from "../testing/notes.ts";
import { createEvent } from "./create-event.ts";

const note = (number: number) =>
  createEvent(NoteEvents.method.noteWritten, { author: "zoe", number }, { id: `note/${number}` });

/** Lets the later ones through sooner, and refuses the fourth. */
const unhurried: Interceptor = {
  publish: (next) => async (call) => {
    const number = Number(call.options.id?.slice(5));
    if (number === 3) throw new BusError("invalid_argument", "not this one");
    for (let i = 0; i < 5 * (50 - number); i++) await Promise.resolve();
    return await next(call);
  },
};

describe("publishAll()", () => {
  it("keeps the order when interceptors take their time, and leaves out what they refuse", async () => {
    await using bus = createMemoryBus({ interceptors: [unhurried] });
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const outcomes = await bus.publishAll(range(50).map(note));
    expect(outcomes[3]).toMatchObject({ outcome: "rejected", error: { message: "not this one" } });
    await bus.idle();
    expect(getNumbers(seen)).toEqual(range(50).filter((number) => number !== 3));
    expect(await bus.stats()).toMatchObject({ published: 49, rejected: 1, publishing: 0 });
  });

  it("stores none when an interceptor refuses one of those that are to be stored together", async () => {
    await using bus = createMemoryBus({ interceptors: [unhurried] });
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const together = bus.publishAll(range(5).map(note), { atomic: true });
    await expect(together).rejects.toMatchObject({ message: "not this one" });
    expect(await bus.stats()).toMatchObject({ publishing: 0, published: 0, rejected: 5 });
    await bus.publishAll([note(9), note(8)], { atomic: true });
    await bus.idle();
    expect(getNumbers(seen)).toEqual([9, 8]);
  });

  it("leaves out what an interceptor answers in the broker's place", async () => {
    const result = { id: "note/1", topic: "notes.written", duplicate: false, sequence: 0 };
    const answering: Interceptor = {
      publish: (next) => async (call) => (call.options.id === "note/1" ? result : next(call)),
    };
    await using bus = createMemoryBus({ interceptors: [answering] });
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const outcomes = await bus.publishAll(range(3).map(note), { atomic: true });
    expect(outcomes[1]).toEqual({ outcome: "stored", result });
    await bus.idle();
    expect(getNumbers(seen)).toEqual([0, 2]);
  });

  it("says unknown of what may be stored", async () => {
    await using bus = createMemoryBus();
    const options = { signal: AbortSignal.abort() };
    expect(await bus.publishAll([note(1)], options)).toMatchObject([
      { outcome: "unknown", error: { code: "aborted" } },
    ]);
    await bus.close();
    await expect(bus.publishAll([note(1)])).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("createEvent()", () => {
  it("refuses a method without a topic", () => {
    expect(() => createEvent(BrokenEvents.method.silent, {})).toThrow(
      expect.objectContaining({ code: "unknown_topic" }),
    );
  });
});

import { expect, it } from "vitest";
import { BusError } from "../error.ts";
import { NoteEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createEvent } from "../publish/create-event.ts";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  range,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const { noteWritten, noteRead } = NoteEvents.method;

/** A note of one author, so that its order can be seen. */
const note = (number: number, id = `note/${number}`) =>
  createEvent(noteWritten, { author: "zoe", number }, { id });

/** publishAllCases state what becomes of many events that are published in one call. */
export function publishAllCases({ features, setUp }: SuiteContext): void {
  // The broker itself would take it: that its dead letter would not fit, the core knows.
  const body = new Uint8Array(Math.max(0, (features.maxRecordBytes ?? 0) - 1_000));
  const tooLarge = createEvent(noteWritten, { author: "zoe", body });

  it("stores many in their order, and says what became of each", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    await createNotePublisher(bus).noteWritten({ author: "zoe", number: 1_000 }, { id: "note/7" });
    const events = [...range(500).map((number) => note(number)), createEvent(noteRead, {})];
    const limited = features.maxRecordBytes !== undefined;
    events.splice(100, 0, limited ? tooLarge : note(501));
    const outcomes = await bus.publishAll(events);
    expect(outcomes).toHaveLength(events.length);
    const duplicate = features.dedupeWindowMs === undefined ? "stored" : "duplicate";
    expect(outcomes[7]).toMatchObject({ outcome: duplicate, result: { id: "note/7" } });
    expect(outcomes[100]).toMatchObject(
      limited ? { outcome: "rejected", error: { code: "too_large" } } : { outcome: "stored" },
    );
    const others = outcomes.filter((_, index) => index !== 7 && index !== 100);
    expect(others.every(({ outcome }) => outcome === "stored")).toBe(true);
    expect(outcomes.at(-1)).toMatchObject({ result: { topic: "notes.read" } });
    await env.waitForCount(seen, 500);
    const inOrder = getNumbers(seen).filter((number) => number !== 7 && number < 500);
    expect(inOrder).toEqual(range(500).filter((number) => number !== 7));
  });

  const unable = features.maxBatch === undefined;
  const most = features.maxBatch ?? 0;

  it.skipIf(unable)("stores all or none, next to one another, on demand", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const events = range(most).map((number) => note(number));
    const outcomes = await bus.publishAll(events, { atomic: true });
    const sequences = outcomes.map((one) => ("result" in one ? one.result.sequence : undefined));
    const [first = 0] = sequences;
    expect(sequences).toEqual(range(most).map((index) => first + index));
    const [one] = await bus.publishAll([note(most)], { atomic: true });
    expect(one).toMatchObject({ outcome: "stored", result: { id: `note/${most}` } });
    expect(await bus.publishAll([], { atomic: true })).toEqual([]);
    await env.waitForCount(seen, most + 1);
    expect(getNumbers(seen)).toEqual(range(most + 1));
    expect(seen[0]?.delivery).toMatchObject({ id: "note/0", headers: {}, key: "zoe" });
  });

  it.skipIf(unable)("refuses all when one of their ids is known, and stores none", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    await createNotePublisher(bus).noteWritten({ author: "zoe", number: 5 }, { id: "note/5" });
    const events = range(10).map((number) => note(number));
    const refused = bus.publishAll(events, { atomic: true });
    await expect(refused).rejects.toMatchObject({ code: "already_stored", retryable: false });
    await bus.publishAll([note(100)]);
    await env.waitForCount(seen, 2);
    expect(getNumbers(seen)).toEqual([5, 100]);
  });

  it.skipIf(unable)("refuses what cannot be stored all or none, and says why", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const together = (...events: ReturnType<typeof note>[]) =>
      bus.publishAll(events, { atomic: true }).catch((reason: unknown) => BusError.from(reason));
    expect(await together(...range(most + 1).map((number) => note(number)))).toMatchObject({
      code: "invalid_argument",
      message: `expected an atomic batch of at most ${most} events, got ${most + 1}: split it`,
    });
    expect(await together(note(1), createEvent(noteRead, {}))).toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("notes.written and notes.read"),
    });
    expect(await together(note(1), note(2, "note/1"))).toMatchObject({ code: "invalid_argument" });
    await bus.publishAll([note(100)], { atomic: true });
    await env.waitForCount(seen, 1);
    expect(getNumbers(seen)).toEqual([100]);
  });

  it.skipIf(unable || features.maxRecordBytes === undefined)(
    "refuses all when one of them is too large, and stores none",
    async () => {
      await using env = await setUp();
      const bus = await env.openBus();
      const { seen, handler } = createCollector();
      await subscribeWritten(bus, "readers", { handler });
      const refused = bus.publishAll([note(1), tooLarge, note(2)], { atomic: true });
      await expect(refused).rejects.toMatchObject({ code: "too_large", retryable: false });
      await bus.publishAll([note(100)]);
      await env.waitForCount(seen, 1);
      expect(getNumbers(seen)).toEqual([100]);
    },
  );

  it("says that it is unsupported where a broker cannot", async () => {
    await using env = await setUp();
    const bus = await env.openBus((broker) => {
      const { appendAll: _none, ...others } = broker;
      return others;
    });
    await expect(bus.publishAll([note(1)], { atomic: true })).rejects.toMatchObject({
      code: "unsupported",
    });
  });
}

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

/** Creates a note; all have the same key, so that they are handled in order. */
const createNote = (number: number, id = `note/${number}`) =>
  createEvent(noteWritten, { author: "zoe", number }, { id });

/** Registers the cases of publishAll. */
export function registerPublishAllCases({ features, setUp }: SuiteContext): void {
  // Fits the limit of the broker, but its dead letter would not.
  const body = new Uint8Array(Math.max(0, (features.maxRecordBytes ?? 0) - 1_000));
  const tooLarge = createEvent(noteWritten, { author: "zoe", body });

  it("stores many events in their order, and reports the outcome of each", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    await createNotePublisher(bus).noteWritten({ author: "zoe", number: 1_000 }, { id: "note/7" });
    const events = [...range(500).map((number) => createNote(number)), createEvent(noteRead, {})];
    const limited = features.maxRecordBytes !== undefined;
    events.splice(100, 0, limited ? tooLarge : createNote(501));
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

  const hasNoBatches = features.maxBatch === undefined;
  const maxBatch = features.maxBatch ?? 0;

  it.skipIf(hasNoBatches)("stores an atomic batch with consecutive sequences", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const events = range(maxBatch).map((number) => createNote(number));
    const outcomes = await bus.publishAll(events, { atomic: true });
    const sequences = outcomes.map((one) => ("result" in one ? one.result.sequence : undefined));
    const [first = 0] = sequences;
    expect(sequences).toEqual(range(maxBatch).map((index) => first + index));
    const [one] = await bus.publishAll([createNote(maxBatch)], { atomic: true });
    expect(one).toMatchObject({ outcome: "stored", result: { id: `note/${maxBatch}` } });
    expect(await bus.publishAll([], { atomic: true })).toEqual([]);
    await env.waitForCount(seen, maxBatch + 1);
    expect(getNumbers(seen)).toEqual(range(maxBatch + 1));
    expect(seen[0]?.delivery).toMatchObject({ id: "note/0", headers: {}, key: "zoe" });
  });

  it.skipIf(hasNoBatches)(
    "stores no event of an atomic batch when one of its ids is stored",
    async () => {
      await using env = await setUp();
      const bus = await env.openBus();
      const { seen, handler } = createCollector();
      await subscribeWritten(bus, "readers", { handler });
      await createNotePublisher(bus).noteWritten({ author: "zoe", number: 5 }, { id: "note/5" });
      const events = range(10).map((number) => createNote(number));
      const refused = bus.publishAll(events, { atomic: true });
      await expect(refused).rejects.toMatchObject({ code: "already_stored", retryable: false });
      await bus.publishAll([createNote(100)]);
      await env.waitForCount(seen, 2);
      expect(getNumbers(seen)).toEqual([5, 100]);
    },
  );

  it.skipIf(hasNoBatches)(
    "rejects an atomic batch of two topics, too many events or duplicate ids",
    async () => {
      await using env = await setUp();
      const bus = await env.openBus();
      const { seen, handler } = createCollector();
      await subscribeWritten(bus, "readers", { handler });
      const publishBatch = (...events: ReturnType<typeof createNote>[]) =>
        bus.publishAll(events, { atomic: true }).catch((reason: unknown) => BusError.from(reason));
      expect(
        await publishBatch(...range(maxBatch + 1).map((number) => createNote(number))),
      ).toMatchObject({
        code: "invalid_argument",
        message: `expected an atomic batch of at most ${maxBatch} events, got ${maxBatch + 1}: split it`,
      });
      expect(await publishBatch(createNote(1), createEvent(noteRead, {}))).toMatchObject({
        code: "invalid_argument",
        message: expect.stringContaining("notes.written and notes.read"),
      });
      expect(await publishBatch(createNote(1), createNote(2, "note/1"))).toMatchObject({
        code: "invalid_argument",
      });
      await bus.publishAll([createNote(100)], { atomic: true });
      await env.waitForCount(seen, 1);
      expect(getNumbers(seen)).toEqual([100]);
    },
  );

  it.skipIf(hasNoBatches || features.maxRecordBytes === undefined)(
    "stores no event of an atomic batch when one is too large",
    async () => {
      await using env = await setUp();
      const bus = await env.openBus();
      const { seen, handler } = createCollector();
      await subscribeWritten(bus, "readers", { handler });
      const refused = bus.publishAll([createNote(1), tooLarge, createNote(2)], { atomic: true });
      await expect(refused).rejects.toMatchObject({ code: "too_large", retryable: false });
      await bus.publishAll([createNote(100)]);
      await env.waitForCount(seen, 1);
      expect(getNumbers(seen)).toEqual([100]);
    },
  );

  it("rejects an atomic batch as unsupported when the broker has no batches", async () => {
    await using env = await setUp();
    const bus = await env.openBus((broker) => {
      const { appendAll: _none, ...others } = broker;
      return others;
    });
    await expect(bus.publishAll([createNote(1)], { atomic: true })).rejects.toMatchObject({
      code: "unsupported",
    });
  });
}

import { create, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { BusError } from "../error.ts";
import { NoteEvents, NoteSchema } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  range,
  subscribeRead,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

/** Registers the cases of publishing: an event is stored when publish resolves. */
export function registerPublishCases({ features, setUp }: SuiteContext): void {
  it("delivers the message and its envelope as they were published", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const time = new Date("2026-03-01T10:11:12.345Z");
    const result = await createNotePublisher(bus).noteWritten(
      { author: "Zoë & 100%", number: 7, body: new Uint8Array([0, 255]) },
      { id: "note/7 é", time, headers: { "X-Mood": "très\nbien", traceparent: "00-a-b-01" } },
    );
    await env.waitForCount(seen, 1);
    expect(result).toMatchObject({ id: "note/7 é", topic: "notes.written", duplicate: false });
    expect(seen[0]?.note).toMatchObject({ author: "Zoë & 100%", number: 7 });
    expect(seen[0]?.note.body).toEqual(new Uint8Array([0, 255]));
    expect(seen[0]?.delivery).toMatchObject({
      group: "readers",
      id: "note/7 é",
      topic: "notes.written",
      key: "Zoë & 100%",
      attempt: 1,
      time,
      source: "//conformance",
      headers: { "x-mood": "très\nbien", traceparent: "00-a-b-01" },
    });
  });

  it("publishes an encoded message as publish publishes the message itself", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const written = NoteEvents.method.noteWritten;
    const note = create(NoteSchema, { author: "Zoë", number: 7 });
    const encoded = { type: NoteSchema.typeName, data: toBinary(NoteSchema, note), key: "Zoë" };
    const options = { id: "note/7", time: new Date(1_000), headers: { mood: "très bien" } };
    const result = await bus.publishEncoded(written, encoded, options);
    expect(result).toMatchObject({ id: "note/7", topic: "notes.written", duplicate: false });
    await env.waitForCount(seen, 1);
    expect(seen[0]?.note).toEqual(note);
    expect(seen[0]?.delivery).toMatchObject({ key: "Zoë", source: "//conformance", ...options });
    if (features.dedupeWindowMs === undefined) return;
    expect(await bus.publish(written, note, options)).toMatchObject({ duplicate: true });
  });

  it("rejects an encoded message of another type, with truncated bytes, or too large", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const whole = toBinary(NoteSchema, create(NoteSchema, { author: "Zoë", number: 7 }));
    const publishEncoded = (changed: { readonly type?: string; readonly data?: Uint8Array }) => {
      const encoded = { type: NoteSchema.typeName, data: whole, key: undefined, ...changed };
      return bus.publishEncoded(NoteEvents.method.noteRead, encoded);
    };
    const undecodable = { name: "BusError", code: "undecodable", retryable: false };
    await expect(publishEncoded({ type: "notes.v1.Page" })).rejects.toMatchObject(undecodable);
    await expect(publishEncoded({ data: whole.subarray(0, 3) })).rejects.toMatchObject(undecodable);
    await expect(publishEncoded({ data: new Uint8Array([0xff]) })).rejects.toMatchObject(
      undecodable,
    );
    if (features.maxRecordBytes === undefined) return;
    const body = new Uint8Array(features.maxRecordBytes);
    const large = toBinary(NoteSchema, create(NoteSchema, { body }));
    await expect(publishEncoded({ data: large })).rejects.toMatchObject({ code: "too_large" });
  });

  it("assigns each event an id and a growing sequence", async () => {
    await using env = await setUp();
    const { noteWritten } = createNotePublisher(await env.openBus());
    const first = await noteWritten({ number: 1 });
    const second = await noteWritten({ number: 1 });
    expect(second.id).not.toBe(first.id);
    expect(second.sequence).toBeGreaterThan(first.sequence);
    expect(second.duplicate).toBe(false);
  });

  it("delivers an event with an empty payload", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeRead(bus, "readers", { handler });
    await createNotePublisher(bus).noteRead({});
    await env.waitForCount(seen, 1);
    expect(seen[0]?.note).toMatchObject({ author: "", number: 0 });
    expect(seen[0]?.delivery.key).toBeUndefined();
  });

  it("stores nothing when the signal has aborted", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeRead(bus, "readers", { handler });
    const { noteRead } = createNotePublisher(bus);
    const refused = noteRead({ number: 1 }, { signal: AbortSignal.abort() });
    await expect(refused).rejects.toMatchObject({ name: "BusError", code: "aborted" });
    await noteRead({ number: 2 });
    await env.waitForCount(seen, 1);
    expect(getNumbers(seen)).toEqual([2]);
  });

  it("settles every publish when the bus closes under load", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { noteRead } = createNotePublisher(bus);
    await noteRead({ number: 500 });
    const publishing = Promise.allSettled(range(500).map((number) => noteRead({ number })));
    await bus.close();
    const outcomes = await publishing;
    await expect(noteRead({})).rejects.toMatchObject({ name: "BusError", code: "aborted" });

    const { seen, handler } = createCollector();
    await subscribeRead(await env.openBus(), "readers", { handler, from: "start" });
    const stored = range(500).filter((number) => outcomes[number]?.status === "fulfilled");
    const isComplete = () => {
      const numbers = new Set(getNumbers(seen));
      return stored.every((number) => numbers.has(number));
    };
    await env.waitFor("every stored event", isComplete);
    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(refused.every(({ reason }) => reason instanceof BusError)).toBe(true);
  });

  it.skipIf(features.maxRecordBytes === undefined)(
    "stores an event of the largest size, and rejects one more byte as too_large",
    async () => {
      await using env = await setUp();
      const bus = await env.openBus();
      const { seen, handler } = createCollector();
      await subscribeRead(bus, "readers", { handler });
      const limit = features.maxRecordBytes ?? 0;
      const { noteRead } = createNotePublisher(bus);
      const refusals: unknown[] = [];
      let attempts = 0;
      const fits = async (size: number): Promise<boolean> => {
        const id = `at-the-limit-${String(attempts++).padStart(2, "0")}`;
        const body = new Uint8Array(size);
        try {
          await noteRead({ body }, { id, time: new Date(0) });
          return true;
        } catch (reason) {
          refusals.push(reason);
          return false;
        }
      };
      // The exact limit depends on how the broker counts headers.
      let largest = limit - 4_096;
      let tooLarge = limit + 1;
      expect(await fits(largest)).toBe(true);
      expect(await fits(tooLarge)).toBe(false);
      while (tooLarge - largest > 1) {
        const middle = Math.floor((largest + tooLarge) / 2);
        if (await fits(middle)) largest = middle;
        else tooLarge = middle;
      }
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({ code: "too_large", retryable: false });
      }
      const isHandled = () => seen.some(({ note }) => note.body.length === largest);
      await env.waitFor(`the event with ${largest} bytes`, isHandled);
      expect(seen.every(({ note }) => note.body.length <= largest)).toBe(true);
    },
  );
}

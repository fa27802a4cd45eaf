import { create, isMessage, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PermanentError } from "./consume/handler-errors.ts";
import { NoteEvents, NoteSchema } from "./gen/fanfare/testing/v1/note_events_pb.ts";
import type { Interceptor } from "./interceptor.ts";
import { createMemoryBus } from "./memory/memory-bus.ts";
import {
  createCollector,
  createNotePublisher,
  subscribeRead,
  subscribeWritten,
} from "./testing/notes.ts";

function createTracer(name: string, trace: string[]): Interceptor {
  return {
    publish: (next) => async (call) => {
      trace.push(`${name} publishes ${call.method.name}`);
      const headers = { ...call.options.headers, [name]: "was here" };
      return await next({ ...call, options: { ...call.options, headers } });
    },
    handle: (next) => async (call) => {
      trace.push(`${name} handles ${call.delivery.id}`);
      await next(call);
    },
  };
}

describe("interceptors", () => {
  it("wrap publishing and handling, the first outermost", async () => {
    const trace: string[] = [];
    const interceptors = [createTracer("one", trace), createTracer("two", trace)];
    await using bus = createMemoryBus({ interceptors });
    const { seen, handler } = createCollector(() => void trace.push("the handler"));
    await subscribeRead(bus, "readers", { handler });
    await createNotePublisher(bus).noteRead({}, { id: "a" });
    await bus.idle();
    expect(trace).toEqual([
      "one publishes NoteRead",
      "two publishes NoteRead",
      "one handles a",
      "two handles a",
      "the handler",
    ]);
    expect(seen[0]?.delivery.headers).toEqual({ one: "was here", two: "was here" });
  });

  it("see the message of an encoded publish, and may change it", async () => {
    const shouting: Interceptor = {
      publish: (next) => async (call) => {
        if (!isMessage(call.message, NoteSchema)) throw new PermanentError("no note");
        const message = create(NoteSchema, { author: call.message.author.toUpperCase() });
        return await next({ ...call, message });
      },
    };
    await using bus = createMemoryBus({ interceptors: [shouting] });
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const data = toBinary(NoteSchema, create(NoteSchema, { author: "zoe" }));
    const encoded = { type: NoteSchema.typeName, data, key: "zoe" };
    const written = NoteEvents.method.noteWritten;
    await bus.publishEncoded(written, encoded, { id: "a", headers: { mood: "fine" } });
    const cut = { ...encoded, data: data.subarray(0, 2) };
    const refused = bus.publishEncoded(written, cut);
    await expect(refused).rejects.toMatchObject({ name: "BusError", code: "undecodable" });
    await bus.idle();
    expect(seen.map(({ note }) => note.author)).toEqual(["ZOE"]);
    expect(seen[0]?.delivery).toMatchObject({ id: "a", key: "ZOE", headers: { mood: "fine" } });
  });

  it("may reject a publish, and fail an attempt", async () => {
    let refused = true;
    const never = () => {
      if (refused) throw new PermanentError("never");
    };
    const refusing: Interceptor = {
      publish: (next) => async (call) => {
        if (call.options.id === "bad") throw new Error("not this one");
        return await next(call);
      },
      handle: (next) => async (call) => {
        never();
        await next(call);
      },
    };
    await using bus = createMemoryBus({ interceptors: [refusing] });
    const { seen, handler } = createCollector();
    const subscription = await subscribeRead(bus, "readers", { handler });
    const bad = createNotePublisher(bus).noteRead({}, { id: "bad" });
    await expect(bad).rejects.toMatchObject({ name: "BusError", message: "not this one" });
    await createNotePublisher(bus).noteRead({}, { id: "good" });
    await bus.idle();
    expect([seen.length, subscription.health().deadLettered]).toEqual([0, 1]);
    refused = false;
    await bus.deadLetters("readers").replay(1);
    await bus.idle();
    expect(seen.map(({ delivery }) => delivery.id)).toEqual(["good"]);
  });
});

import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ForwardingBroker } from "../test/forwarding-broker.ts";
import type { Broker } from "./broker.ts";
import type { EventRouter } from "./consume/event-router.ts";
import { createBus } from "./create-bus.ts";
import { BusError } from "./error.ts";
import { BrokenEvents, NoteEvents, NoteSchema } from "./gen/fanfare/testing/v1/note_events_pb.ts";
import { createMemoryBroker } from "./memory/memory-broker.ts";
import { createMemoryBus } from "./memory/memory-bus.ts";
import { createMemoryStore } from "./memory/memory-store.ts";
import { createEvent } from "./publish/create-event.ts";
import {
  createCollector,
  createNotePublisher,
  subscribeRead,
  subscribeWritten,
} from "./testing/notes.ts";

const handler = () => {};
const never = new Promise<never>(() => {});

describe("createBus()", () => {
  it.each([
    ["an empty source", { source: "" }],
    ["a negative timeout", { source: "//a", stopTimeoutMs: -1 }],
  ])("closes its broker when it refuses %s", async (_, options) => {
    const broker = createMemoryBroker();
    expect(() => createBus(broker, options)).toThrow(BusError);
    expect(broker.health()).toMatchObject({ connected: false });
  });
});

describe("publish()", () => {
  it("rejects a method without a topic", async () => {
    await using bus = createMemoryBus();
    await expect(bus.publish(BrokenEvents.method.silent, create(NoteSchema))).rejects.toMatchObject(
      { name: "BusError", code: "unknown_topic" },
    );
  });

  it.each([0, -1, Number.NaN])("rejects a timeout of %d ms", async (timeoutMs) => {
    await using bus = createMemoryBus();
    await expect(createNotePublisher(bus).noteRead({}, { timeoutMs })).rejects.toMatchObject({
      code: "invalid_argument",
    });
  });

  it("converts every error of a broker to a BusError", async () => {
    const broker: Broker = {
      ...createMemoryBroker(),
      append: () => Promise.reject(new TypeError("cable pulled")),
    };
    await using bus = createBus(broker, { source: "//tests" });
    await expect(createNotePublisher(bus).noteRead({})).rejects.toMatchObject({
      code: "internal",
      message: "TypeError: cable pulled",
    });
  });
});

describe("publishEncoded()", () => {
  const data = new Uint8Array([0x10, 0x07]);
  const encoded = { type: NoteSchema.typeName, data, key: undefined };

  it("rejects what publish rejects, and counts both", async () => {
    const bus = createMemoryBus();
    const { silent } = BrokenEvents.method;
    const { noteRead } = NoteEvents.method;
    const refused = [
      [bus.publishEncoded(silent, encoded), "unknown_topic"],
      [bus.publishEncoded(noteRead, encoded, { timeoutMs: 0 }), "invalid_argument"],
      [bus.publishEncoded(noteRead, encoded, { headers: { "ce-id": "1" } }), "invalid_argument"],
      [bus.publishEncoded(noteRead, encoded, { signal: AbortSignal.abort() }), "aborted"],
    ] as const;
    for (const [publishing, code] of refused) {
      await expect(publishing).rejects.toMatchObject({ name: "BusError", code });
    }
    await bus.publishEncoded(noteRead, encoded, { id: "a" });
    await bus.publishEncoded(noteRead, encoded, { id: "a" });
    expect(await bus.stats()).toMatchObject({ published: 2, duplicates: 1, rejected: 4 });
    await bus.close();
    await expect(bus.publishEncoded(noteRead, encoded)).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("subscribe()", () => {
  it("rejects a topic that is bound twice, in one subscription or in two", async () => {
    await using bus = createMemoryBus();
    const twice = bus.subscribe("readers", (on) => {
      on.service(NoteEvents, { noteRead: handler });
      on.service(NoteEvents, { noteRead: handler });
    });
    await expect(twice).rejects.toMatchObject({ code: "already_bound" });
    const first = await subscribeRead(bus, "readers", { handler });
    await expect(subscribeRead(bus, "readers", { handler })).rejects.toMatchObject({
      code: "already_bound",
    });
    await subscribeRead(bus, "others", { handler });
    await subscribeWritten(bus, "readers", { handler });
    await first.stop();
    await subscribeRead(bus, "readers", { handler });
  });

  it("rejects a second subscription while a handler of a stopped one still runs", async () => {
    await using bus = createMemoryBus();
    const gate = Promise.withResolvers<void>();
    const first = await subscribeRead(bus, "readers", { handler: () => gate.promise });
    await createNotePublisher(bus).noteRead({});
    await bus.advance(0);
    expect((await first.stop({ timeoutMs: 10 })).unsettled).toHaveLength(1);
    await expect(subscribeRead(bus, "readers", { handler })).rejects.toThrow(
      "let its handlers end",
    );
    gate.resolve();
    await bus.advance(0);
    await subscribeRead(bus, "readers", { handler });
  });

  it.each([
    ["nothing bound", () => {}],
    ["nothing handled", (on: EventRouter) => on.service(NoteEvents, {})],
  ])("rejects a subscription with %s", async (_, bind) => {
    await using bus = createMemoryBus();
    await expect(bus.subscribe("readers", bind)).rejects.toMatchObject({
      code: "invalid_argument",
    });
  });

  it("rejects handlers of which the service has none", async () => {
    await using bus = createMemoryBus();
    const bound = bus.subscribe("readers", (on) =>
      // @ts-expect-error: there is no such method
      on.service(NoteEvents, { noteSung: handler }),
    );
    await expect(bound).rejects.toThrow("no handler is bound");
  });

  it("releases an event that nothing requested, and continues", async () => {
    const store = createMemoryStore();
    const broker = createMemoryBroker({ store });
    let forged = 0;
    const confused: Broker = {
      ...broker,
      lease: (group, receive) =>
        broker.lease(group, (lease) => {
          const topic = forged++ === 0 ? "notes.unheard" : lease.record.topic;
          receive({ ...lease, record: { ...lease.record, topic } });
        }),
    };
    await using bus = createBus(confused, { source: "//tests" });
    const { seen, handler: collect } = createCollector();
    const subscription = await subscribeRead(bus, "readers", {
      handler: collect,
      concurrency: 1,
      prefetch: 0,
    });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await store.clock.advance(0);
    expect(subscription.health().lastError).toMatchObject({ code: "internal" });
    await store.clock.advance(60_000);
    expect(seen.map(({ delivery }) => delivery.redelivered)).toEqual([true]);
    expect(subscription.health()).not.toHaveProperty("lastError");
  });

  it.each(["", "Readers", "a.b", "a b", "a*", "-a", "x".repeat(65)])(
    "rejects the group name %j",
    async (group) => {
      await using bus = createMemoryBus();
      await expect(subscribeRead(bus, group, { handler })).rejects.toMatchObject({
        code: "invalid_argument",
      });
    },
  );

  it.each([
    { concurrency: 0 },
    { concurrency: 1.5 },
    { prefetch: -1 },
    { handlerTimeoutMs: 0 },
    { leaseDurationMs: 99 },
    { from: new Date("never") },
    { backoff: { initialIntervalMs: -1 } },
  ])("rejects %j", async (options) => {
    await using bus = createMemoryBus();
    await expect(subscribeRead(bus, "readers", { handler, ...options })).rejects.toMatchObject({
      code: "invalid_argument",
    });
  });
});

describe("createBus()", () => {
  it("calls the methods of a broker that is a class instance with their `this`", async () => {
    await using bus = createBus(new ForwardingBroker(createMemoryBroker()), { source: "//tests" });
    const { seen, handler: collect } = createCollector();
    const subscription = await subscribeRead(bus, "readers", { handler: collect });
    await createNotePublisher(bus).noteRead({ number: 1 });
    const event = createEvent(NoteEvents.method.noteRead, { number: 2 });
    await bus.publishAll([event], { atomic: true });
    await expect.poll(() => seen.length).toBe(2);
    expect((await subscription.stats()).progress).toMatchObject({ pending: 0 });
    expect(await bus.deadLetters("readers").list()).toEqual([]);
    expect(bus.health().connected).toBe(true);
  });

  it.each([-1, Number.NaN])("refuses a stopTimeoutMs of %d", (stopTimeoutMs) => {
    expect(() => createMemoryBus({ stopTimeoutMs })).toThrow(
      expect.objectContaining({ code: "invalid_argument" }),
    );
  });
});

describe("close()", () => {
  it("rejects later publishes and subscriptions", async () => {
    const bus = createMemoryBus();
    await bus.close();
    await expect(createNotePublisher(bus).noteRead({})).rejects.toMatchObject({ code: "aborted" });
    await expect(subscribeRead(bus, "readers", { handler })).rejects.toMatchObject({
      code: "aborted",
    });
    expect(bus.health()).toMatchObject({ connected: false, subscriptions: [] });
  });

  it("resolves within its timeout when the broker has stopped answering", async () => {
    const store = createMemoryStore();
    const broker = createMemoryBroker({ store });
    const stubborn: Broker = {
      ...broker,
      async lease(group, receive) {
        const stream = await broker.lease(group, (lease) =>
          receive({ ...lease, ack: () => never, nak: () => never }),
        );
        return { ...stream, close: () => never };
      },
      close: () => never,
    };
    const bus = createBus(stubborn, { source: "//tests" });
    const subscription = await subscribeRead(bus, "readers", { handler, concurrency: 1 });
    await createNotePublisher(bus).noteRead({}, { id: "unacknowledged" });
    await createNotePublisher(bus).noteRead({}, { id: "not-given-back" });
    await store.clock.advance(0);
    expect(subscription.health()).toMatchObject({ running: 1, waiting: 1 });
    expect(await bus.close({ timeoutMs: 50 })).toEqual({
      unsettled: ["unacknowledged", "not-given-back"],
    });
  });
});

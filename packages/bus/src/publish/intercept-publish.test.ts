import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { Appended, Broker } from "../broker.ts";
import { createBus } from "../create-bus.ts";
import { NoteEvents, NoteSchema } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import type { Interceptor } from "../interceptor.ts";
import { createDeferred } from "../kit/deferred.ts";
import { createMemoryBroker } from "../memory/memory-broker.ts";
import { createMemoryBus } from "../memory/memory-bus.ts";
import { failPermanently } from "../testing/faults.ts";
import { createCollector, createNotePublisher, subscribeWritten } from "../testing/notes.ts";
import { createEvent } from "./create-event.ts";

const { noteWritten } = NoteEvents.method;
const encoded = { type: NoteSchema.typeName, data: toBinary(NoteSchema, create(NoteSchema)) };
const createNote = (number: number) => createEvent(noteWritten, { author: "zoe", number });

/** Publishes every event twice; the second time it forgets the options. */
const repeatingInterceptor: Interceptor = {
  publish: (next) => async (call) => {
    const first = await next(call);
    // @ts-expect-error: the id and the time are required
    const second = await next({ ...call, options: {} });
    expect([second.id, second.sequence]).toEqual([first.id, first.sequence]);
    return first;
  },
};

function throwStuck(): never {
  throw new Error("stuck");
}

/** Throws for the second event before it returns a promise. */
const throwingInterceptor: Interceptor = {
  publish: (next) => (call) => {
    if (Reflect.get(call.message, "number") === 2) throw new TypeError("cannot sign");
    return next(call);
  },
};

describe("an interceptor that publishes twice", () => {
  it("stores once, although no id was given", async () => {
    await using bus = createMemoryBus({ interceptors: [repeatingInterceptor] });
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    await createNotePublisher(bus).noteWritten({ author: "zoe" });
    await bus.publishEncoded(noteWritten, { ...encoded, key: undefined });
    await bus.publishAll([createNote(1), createNote(3)]);
    await bus.publishAll([createNote(4), createNote(5)], { atomic: true });
    await bus.idle();
    expect(seen).toHaveLength(6);
    expect(await bus.stats()).toMatchObject({ published: 6, duplicates: 0, rejected: 0 });
  });

  it("sees the id and the time that the event has", async () => {
    const seen: unknown[] = [];
    const interceptor: Interceptor = {
      publish: (next) => (call) => {
        seen.push([call.options.id, call.options.time.getTime()]);
        return next(call);
      },
    };
    await using bus = createMemoryBus({ interceptors: [interceptor] });
    const delivered = createCollector();
    await subscribeWritten(bus, "readers", delivered);
    await createNotePublisher(bus).noteWritten({});
    await bus.idle();
    expect(delivered.seen.map(({ delivery: { id, time } }) => [id, time.getTime()])).toEqual(seen);
  });
});

describe("an interceptor that throws synchronously", () => {
  it("rejects the publish, and only its event of many", async () => {
    await using bus = createMemoryBus({ interceptors: [throwingInterceptor] });
    const failure = { name: "BusError", code: "internal", message: "TypeError: cannot sign" };
    const publishing = createNotePublisher(bus).noteWritten({ number: 2 });
    await expect(publishing).rejects.toMatchObject(failure);
    expect(await bus.publishAll([1, 2, 3].map(createNote))).toMatchObject([
      { outcome: "stored" },
      { outcome: "rejected", error: failure },
      { outcome: "stored" },
    ]);
    const atomic = bus.publishAll([1, 2, 3].map(createNote), { atomic: true });
    await expect(atomic).rejects.toMatchObject(failure);
    expect(await bus.stats()).toMatchObject({ published: 2, rejected: 5, publishing: 0 });
  });

  it("rejects with a BusError while it wraps, and for an event whose options throw", async () => {
    const wrapping: Interceptor = {
      publish: () => {
        throw new TypeError("no key");
      },
    };
    await using bus = createMemoryBus({ interceptors: [wrapping] });
    const failure = { name: "BusError", code: "internal" };
    await expect(createNotePublisher(bus).noteWritten({})).rejects.toMatchObject(failure);
    expect(await bus.publishAll([createNote(1)])).toMatchObject([{ outcome: "rejected" }]);
    const unreadable = {
      get id(): string {
        throw new TypeError("no id");
      },
    };
    await using plain = createMemoryBus();
    expect(
      await plain.publishAll([{ ...createNote(1), options: unreadable }, createNote(3)]),
    ).toMatchObject([{ outcome: "rejected" }, { outcome: "stored" }]);
    // @ts-expect-error: expects events
    await expect(plain.publishAll(undefined)).rejects.toMatchObject(failure);
  });

  it("is a rejection for the interceptors around it", async () => {
    const forgiving: Interceptor = {
      publish: (next) => (call) =>
        next(call).catch(() => ({ id: "-", topic: "-", duplicate: false, sequence: 0 })),
    };
    await using bus = createMemoryBus({ interceptors: [forgiving, throwingInterceptor] });
    expect(await createNotePublisher(bus).noteWritten({ number: 2 })).toMatchObject({ id: "-" });
  });
});

describe("close()", () => {
  it("waits for an append that its interceptor does not wait for", async () => {
    const broker = createMemoryBroker();
    const appended = createDeferred<Appended>();
    const closes: string[] = [];
    const slow: Broker = {
      ...broker,
      append: () => appended.promise,
      async close() {
        closes.push("closed");
      },
    };
    const impatient: Interceptor = {
      publish: (next) => (call) =>
        Promise.race([next(call), Promise.reject(new Error("impatient"))]),
    };
    const bus = createBus(slow, { source: "//tests", interceptors: [impatient] });
    await expect(createNotePublisher(bus).noteWritten({})).rejects.toThrow("impatient");
    const closing = bus.close().then(() => closes.push("resolved"));
    await new Promise(setImmediate);
    expect(closes).toEqual([]);
    appended.resolve({ duplicate: false, sequence: 1 });
    await closing;
    expect(closes).toEqual(["closed", "resolved"]);
  });

  it("waits for the replay of a dead letter", async () => {
    const broker = createMemoryBroker();
    const gate = createDeferred<void>();
    let isClosed = false;
    const slow: Broker = {
      ...broker,
      deadLetters: {
        ...broker.deadLetters,
        async replay(...args) {
          await gate.promise;
          return await broker.deadLetters.replay(...args);
        },
      },
      async close() {
        isClosed = true;
        await broker.close();
      },
    };
    const bus = createBus(slow, { source: "//tests" });
    const subscription = await subscribeWritten(bus, "readers", { handler: failPermanently });
    await createNotePublisher(bus).noteWritten({});
    await expect.poll(() => subscription.health().deadLettered).toBe(1);
    const replaying = bus.deadLetters("readers").replay(1);
    const closing = bus.close();
    await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    gate.resolve();
    expect(await replaying).toMatchObject({ duplicate: false });
    await closing;
    expect(isClosed).toBe(true);
  });

  it("closes the broker although a tracked subscription fails to stop", async () => {
    const broker = createMemoryBroker();
    const bus = createBus(broker, { source: "//tests" });
    const subscription = await subscribeWritten(bus, "readers", { handler: () => {} });
    bus.track({ ...subscription, stop: throwStuck });
    expect(await bus.close()).toEqual({ unsettled: [] });
    expect(broker.health().connected).toBe(false);
  });
});

describe("an interceptor of a class", () => {
  it("keeps its this, and what it drops ends no process", async () => {
    class Counting implements Interceptor {
      #published = 0;
      handled = 0;
      publish(next: Parameters<NonNullable<Interceptor["publish"]>>[0]) {
        this.#published++;
        return next;
      }
      handle(next: Parameters<NonNullable<Interceptor["handle"]>>[0]) {
        return async (call: Parameters<typeof next>[0]) => {
          void next(call);
          this.handled += this.#published;
        };
      }
    }
    const counting = new Counting();
    await using bus = createMemoryBus({ interceptors: [counting] });
    await subscribeWritten(bus, "readers", {
      handler: () => Promise.reject(new Error("dropped")),
    });
    await createNotePublisher(bus).noteWritten({});
    await bus.idle();
    expect(counting.handled).toBe(1);
  });
});

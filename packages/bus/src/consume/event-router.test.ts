import { createRegistry } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { type Note, NoteEvents, ShelfEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createMemoryBus } from "../memory/memory-bus.ts";
import { createNotePublisher } from "../testing/notes.ts";
import type { EventRouter } from "./event-router.ts";

async function readTopics(bind: (on: EventRouter) => void): Promise<readonly string[]> {
  await using bus = createMemoryBus();
  const { topics } = await bus.subscribe("readers", bind);
  return topics;
}

describe("on.service()", () => {
  class Reader {
    readonly seen: number[] = [];
    noteRead({ number }: Note): void {
      this.seen.push(number);
    }
  }

  async function readNote(handlers: Reader): Promise<readonly string[]> {
    await using bus = createMemoryBus();
    const { topics } = await bus.subscribe("readers", (on) => on.service(NoteEvents, handlers));
    await createNotePublisher(bus).noteRead({ number: 7 });
    await bus.idle();
    return topics;
  }

  it("binds the methods of a class instance, with their `this`", async () => {
    const reader = new Reader();
    expect(await readNote(reader)).toEqual(["notes.read"]);
    expect(reader.seen).toEqual([7]);
  });

  it("binds inherited methods, and overridden ones", async () => {
    class Doubling extends Reader {
      override noteRead(note: Note): void {
        super.noteRead(note);
        super.noteRead(note);
      }
    }
    const [inherited, overridden] = [new (class extends Reader {})(), new Doubling()];
    await readNote(inherited);
    await readNote(overridden);
    expect([inherited.seen, overridden.seen]).toEqual([[7], [7, 7]]);
  });

  it("ignores other fields", async () => {
    const handlers = Object.assign(new Reader(), { name: "reader", close() {} });
    expect(await readNote(handlers)).toEqual(["notes.read"]);
  });

  it("binds methods with private fields, and functions that getters return", async () => {
    class Shelf extends Reader {
      readonly #added: number[] = [];
      override noteRead({ number }: Note): void {
        this.#added.push(number);
        this.seen.push(...this.#added);
      }
    }
    const shelf = new Shelf();
    await readNote(shelf);
    expect(shelf.seen).toEqual([7]);
    const lazy = {
      seen: new Array<number>(),
      get noteRead() {
        return function (this: Reader, { number }: Note) {
          this.seen.push(number);
        };
      },
    };
    await readNote(lazy);
    expect(lazy.seen).toEqual([7]);
  });

  it("ignores methods that are undefined or null, as Connect does", async () => {
    const partial = { noteRead: undefined, noteErased: null, noteWritten() {} };
    const topics = await readTopics((on) => {
      // @ts-expect-error: a handler is a function
      on.service(NoteEvents, partial);
    });
    expect(topics).toEqual(["notes.written"]);
  });

  it.each([null, undefined, 7, "noteRead"])("rejects %s as handlers", async (handlers) => {
    const bound = readTopics((on) => {
      // @ts-expect-error: handlers are an object
      on.service(NoteEvents, handlers);
    });
    await expect(bound).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("expected an object with the handlers of fanfare.testing"),
    });
  });

  it("ignores what every object inherits", async () => {
    const service = {
      ...NoteEvents,
      methods: [{ ...NoteEvents.method.noteRead, localName: "toLocaleString" }],
    };
    const bound = readTopics((on) => on.service(service, {}));
    await expect(bound).rejects.toThrow("no handler is bound");
  });

  it("rejects a field that is named like a method and is no function", async () => {
    const bound = readTopics((on) => {
      // @ts-expect-error: a handler is a function
      on.service(NoteEvents, { noteRead: "soon", noteWritten() {} });
    });
    await expect(bound).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("NoteEvents.NoteRead must be a function, got string"),
    });
  });
});

describe("on.all()", () => {
  it("calls one handler with every event of the services, and its method", async () => {
    await using bus = createMemoryBus();
    const seen: string[] = [];
    const subscription = await bus.subscribe("audit", (on) =>
      on.all([NoteEvents, ShelfEvents], (message, delivery, method) => {
        seen.push(`${delivery.topic} ${message.$typeName} ${method.name}`);
      }),
    );
    expect(subscription.topics).toHaveLength(23);
    await createNotePublisher(bus).noteRead({ number: 1 });
    await bus.idle();
    expect(seen).toEqual(["notes.read fanfare.testing.v1.Note NoteRead"]);
  });

  it("rejects a handler that is no function, as on.matching() does", async () => {
    const registry = createRegistry(NoteEvents);
    const refusal = { code: "invalid_argument", message: expect.stringContaining("got undefined") };
    const binds: ((on: EventRouter) => void)[] = [
      // @ts-expect-error: a handler is a function
      (on) => on.all([NoteEvents], undefined),
      // @ts-expect-error: a handler is a function
      (on) => on.matching("notes.*", registry, undefined),
    ];
    for (const bind of binds) await expect(readTopics(bind)).rejects.toMatchObject(refusal);
  });

  it("rejects a topic that is bound already", async () => {
    const bound = readTopics((on) => {
      on.service(NoteEvents, { noteRead() {} });
      on.all([NoteEvents], () => {});
    });
    await expect(bound).rejects.toMatchObject({ code: "already_bound" });
  });
});

describe("on.matching()", () => {
  const registry = createRegistry(NoteEvents, ShelfEvents, EmptySchema);

  it("selects among the topics that the registry declares", async () => {
    expect(await readTopics((on) => on.matching("notes.*", registry, () => {}))).toEqual([
      "notes.written",
      "notes.erased",
      "notes.read",
    ]);
  });

  it("rejects a pattern that selects nothing, naming the declared topics", async () => {
    const bound = readTopics((on) => on.matching("trips.*", createRegistry(NoteEvents), () => {}));
    await expect(bound).rejects.toThrow(
      'no topic matches "trips.*": the registry declares notes.written, notes.erased, notes.read',
    );
  });
});

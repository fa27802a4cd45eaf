import { create, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { type BusCode, BusError } from "../error.ts";
import { NoteEvents, NoteSchema } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createEvent } from "../publish/create-event.ts";
import type { PublishOptions } from "../publish/publish-options.ts";
import { failPermanently } from "./faults.ts";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  range,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const { noteWritten } = NoteEvents.method;

/** What some broker, or the table of an outbox, cannot carry. */
const refused: readonly (readonly [string, PublishOptions, string?])[] = [
  ["an empty id", { id: "" }],
  ["an id with a line feed", { id: "order\n7" }],
  ["an id with a carriage return", { id: "order\r7" }],
  ["an id with a NUL", { id: "order\0" }],
  ["an id with a tab", { id: "order\t7" }],
  ["an id with an escape", { id: "\u001b[2J" }],
  ["an id with a C1 control character", { id: "order\u0085" }],
  ["an id that begins with a space", { id: " order" }],
  ["an id that ends with a no-break space", { id: "order\u00a0" }],
  ["an id with a lone surrogate", { id: "order\ud800" }],
  ["an id of 257 characters", { id: "x".repeat(257) }],
  ["a key with a NUL", {}, "Zoë\0"],
  ["a key of 1,025 bytes", {}, `a${"é".repeat(512)}`],
  ["a header with a NUL", { headers: { mood: "fine\0" } }],
  ["a header with a lone surrogate", { headers: { mood: "\udc00" } }],
  ["a header name with a colon", { headers: { "mood:": "fine" } }],
  ["a header name with a line feed", { headers: { "mood\n": "fine" } }],
  ["a header name that is not ASCII", { headers: { größe: "fine" } }],
  ["an empty header name", { headers: { "": "fine" } }],
  ["a header of the server", { headers: { "Nats-Msg-Id": "1" } }],
  ["more than 60,000 bytes of headers", { headers: { mood: "é".repeat(10_000) } }],
  ["an attribute that every event has", { attributes: { id: "1" } }],
  ["the key as an attribute", { attributes: { partitionkey: "zoe" } }],
  ["an attribute in upper case", { attributes: { tenantId: "acme" } }],
  ["an attribute with a dash", { attributes: { "tenant-id": "acme" } }],
  ["an attribute without a name", { attributes: { "": "acme" } }],
  ["an empty attribute", { attributes: { subject: "" } }],
  ["an attribute with a line feed", { attributes: { subject: "a\nb" } }],
  ["an attribute with a noncharacter", { attributes: { subject: "\uffff" } }],
  ["an attribute with a lone surrogate", { attributes: { subject: "\ud800" } }],
  ["a relative dataschema", { attributes: { dataschema: "note.proto" } }],
  ["an attribute as a header", { headers: { "ce-subject": "note/7" } }],
  ["a time that is no date", { time: new Date("never") }],
  ["a time after the year 9999", { time: new Date(Date.UTC(10_000, 0)) }],
];

/** What every broker carries: the ends of the limits, and what looks like syntax. */
const accepted: readonly (readonly [PublishOptions, string])[] = [
  [{ id: "x".repeat(256) }, "k".repeat(1_024)],
  [{ id: "€".repeat(256), headers: { mood: "é".repeat(9_000) } }, "😀".repeat(256)],
  [{ id: "a b" }, "a\nb"],
  [{ id: "a%20b" }, " a "],
  [{ id: "a%0Ab", headers: { mood: "\r\n", empty: "" } }, "%"],
  [{ id: "../a.*.>/'\";--" }, "*"],
  [{ id: "A", time: new Date("0001-01-01T00:00:00.000Z") }, "A"],
  [{ id: "a", time: new Date("9999-12-31T23:59:59.999Z") }, "a"],
];

/** Returns the code with which a publish is refused; undefined when it is not. */
async function readCode(publishing: Promise<unknown>): Promise<BusCode | undefined> {
  return await publishing.then(
    () => undefined,
    (reason: unknown) => BusError.from(reason).code,
  );
}

/** Registers the cases of limits: what one broker cannot carry, all of them refuse. */
export function registerPortableCases({ setUp }: SuiteContext): void {
  it("refuses at once what some broker cannot carry, however it is published", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    for (const [what, options, author = ""] of refused) {
      const note = create(NoteSchema, { author });
      const encoded = { type: NoteSchema.typeName, data: toBinary(NoteSchema, note), key: author };
      const event = createEvent(noteWritten, note, options);
      const codes = await Promise.all([
        readCode(bus.publish(noteWritten, note, options)),
        readCode(bus.publishEncoded(noteWritten, encoded, options)),
        readCode(bus.publishAll([event], { atomic: true })),
        bus.publishAll([event]).then(([one]) => one && "error" in one && one.error.code),
      ]);
      expect({ what, codes }).toEqual({ what, codes: range(4).map(() => "invalid_argument") });
    }
    await createNotePublisher(bus).noteWritten({ number: 7 });
    await env.waitForCount(seen, 1);
    expect(getNumbers(seen)).toEqual([7]);
  });

  it("carries the largest ids, keys and headers, through dead letters and replays too", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    let failing = true;
    const { seen, handler } = createCollector(() => {
      if (failing) failPermanently();
    });
    const subscription = await subscribeWritten(bus, "readers", { handler });
    const publisher = createNotePublisher(bus);
    for (const [options, author] of accepted) {
      expect(await publisher.noteWritten({ author }, options)).toMatchObject({ duplicate: false });
    }
    const isDead = () => subscription.health().deadLettered === accepted.length;
    await env.waitFor("the dead letters", isDead);
    failing = false;
    seen.splice(0);
    const letters = bus.deadLetters("readers");
    for (const { sequence } of await letters.list()) await letters.replay(sequence);
    await env.waitForCount(seen, accepted.length);
    for (const [options, key] of accepted) {
      const replayed = seen.find(({ delivery }) => delivery.id === options.id);
      expect(replayed?.delivery).toMatchObject({ key, ...options });
    }
  });

  it("dead-letters and replays the events of publishers with other limits", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    let failing = true;
    const { seen, handler } = createCollector(() => {
      if (failing) failPermanently();
    });
    const subscription = await subscribeWritten(bus, "readers", { handler });
    const ids = ["order\n7", `${"x".repeat(3_000)}é`];
    const broker = await env.openBroker();
    for (const [index, id] of ids.entries()) {
      const headers = {
        "ce-id": encodeURIComponent(id),
        "ce-source": "//others",
        "ce-type": NoteSchema.typeName,
      };
      await broker.append(
        { topic: "notes.written", id: `${index}`, partition: 0, headers, data: new Uint8Array() },
        { timeoutMs: 10_000, signal: undefined },
      );
    }
    await env.waitFor("the dead letters", () => subscription.health().deadLettered === 2);
    failing = false;
    seen.splice(0);
    const letters = bus.deadLetters("readers");
    for (const { sequence } of await letters.list()) await letters.replay(sequence);
    await env.waitForCount(seen, 2);
    expect(seen.map(({ delivery }) => delivery.id).toSorted()).toEqual(ids.toSorted());
  });

  it("refuses groups and positions that no broker has", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const invalid = expect.objectContaining({ name: "BusError", code: "invalid_argument" });
    for (const group of ["", "Readers", "a.b", "a b", "a*", "-a", "a\n", "x".repeat(65)]) {
      await expect(subscribeWritten(bus, group, { handler: () => {} })).rejects.toEqual(invalid);
      expect(() => bus.deadLetters(group)).toThrow(invalid);
    }
    const letters = bus.deadLetters("readers");
    for (const sequence of [0, -1, 1.5, Number.NaN, Infinity]) {
      await expect(letters.read(sequence)).rejects.toEqual(invalid);
      await expect(letters.replay(sequence)).rejects.toEqual(invalid);
      await expect(letters.discard(sequence)).rejects.toEqual(invalid);
      await expect(letters.list({ limit: sequence })).rejects.toEqual(invalid);
    }
    await expect(letters.list({ after: -1 })).rejects.toEqual(invalid);
  });
}

import { create, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { NoteEvents, NoteSchema } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createEvent } from "../publish/create-event.ts";
import { failPermanently } from "./faults.ts";
import { createCollector, getSortedNumbers, subscribeWritten } from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const { noteWritten } = NoteEvents.method;
const attributes = {
  subject: "Zoë & 100%",
  dataschema: "https://schemas.example.com/note?v=1",
  tenantid: "acme",
};

/** Registers the cases of CloudEvents attributes beside those of every event. */
export function registerAttributeCases({ features, setUp }: SuiteContext): void {
  it("delivers a publisher's attributes, through retries, dead letters and replays", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    let attempts = 0;
    const { seen, handler } = createCollector(() => {
      attempts += 1;
      if (attempts === 1) throw new Error("not now");
      if (attempts === 2) failPermanently();
    });
    const subscription = await subscribeWritten(bus, "readers", { handler });
    const note = create(NoteSchema, { number: 1 });
    await bus.publish(noteWritten, note, { id: "one", attributes, headers: { mood: "fine" } });
    await env.waitFor("the dead letter", () => subscription.health().deadLettered === 1);
    const letters = bus.deadLetters("readers");
    const [letter] = await letters.list();
    expect(letter).toMatchObject({ id: "one", attributes, headers: { mood: "fine" } });
    await letters.replay(letter?.sequence ?? 0);
    await env.waitForCount(seen, 3);
    const found = seen.map(({ delivery }) => [delivery.attributes, delivery.headers]);
    expect(found).toEqual(found.map(() => [attributes, { mood: "fine" }]));
  });

  it("carries attributes however an event is published", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const note = create(NoteSchema, { number: 1 });
    const encoded = { type: NoteSchema.typeName, data: toBinary(NoteSchema, note), key: "zoe" };
    const event = createEvent(noteWritten, note, { attributes });
    await bus.publishEncoded(noteWritten, encoded, { attributes });
    await bus.publishAll([event]);
    if (features.maxBatch !== undefined) await bus.publishAll([event], { atomic: true });
    const count = features.maxBatch === undefined ? 2 : 3;
    await env.waitForCount(seen, count);
    expect(seen.map(({ delivery }) => delivery.attributes)).toEqual(seen.map(() => attributes));
  });

  it("delivers the attributes of other publishers, and reads their content types", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const broker = await env.openBroker();
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "readers", { handler });
    const types = [
      "application/protobuf",
      "application/x-protobuf",
      "Application/X-Protobuf;charset=binary",
      "application/protobuf;%20message=fanfare.testing.v1.Note",
    ];
    for (const [number, type] of types.entries()) {
      const headers = {
        "ce-id": `${number}`,
        "ce-source": "//others",
        "ce-type": NoteSchema.typeName,
        "ce-datacontenttype": type,
        "ce-subject": "Zo%C3%AB%20&%20100%25",
        "ce-dataschema": attributes.dataschema,
        "ce-tenantid": attributes.tenantid,
      };
      const data = toBinary(NoteSchema, create(NoteSchema, { number }));
      await broker.append(
        { topic: "notes.written", id: `${number}`, partition: 0, headers, data },
        { timeoutMs: 10_000, signal: undefined },
      );
    }
    await env.waitForCount(seen, types.length);
    expect(getSortedNumbers(seen)).toEqual([0, 1, 2, 3]);
    for (const { delivery } of seen) expect(delivery).toMatchObject({ attributes, headers: {} });
  });
}

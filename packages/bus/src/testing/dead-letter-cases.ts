import { expect, it } from "vitest";
import type { NewRecord } from "../broker.ts";
import { PermanentError } from "../consume/handler-errors.ts";
import { NoteEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { failPermanently, rejectAsFull, withDeadLetters } from "./faults.ts";
import {
  createCollector,
  createNotePublisher,
  getSortedNumbers,
  subscribeRead,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const backoff = { initialIntervalMs: 50, maxIntervalMs: 100 };
const appendOptions = { timeoutMs: 10_000, signal: undefined };

/** Registers the cases of dead letters: which events are dead-lettered, and what is stored of them. */
export function registerDeadLetterCases({ features, setUp }: SuiteContext): void {
  it("dead-letters an event after its last attempt, with its envelope and the last error", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector((_, { attempt }) => {
      throw new Error(`attempt ${attempt} fails: 100 %`);
    });
    const outcomes: string[] = [];
    const subscription = await subscribeWritten(bus, "failing", {
      handler,
      backoff,
      maxAttempts: 3,
      onFailure: ({ attempt, verdict }) => outcomes.push(`${attempt} ${verdict}`),
    });
    const time = new Date("2026-03-01T10:11:12.345Z");
    const headers = { "x-mood": "très bien" };
    const note = { author: "Zoë", number: 7 };
    await createNotePublisher(bus).noteWritten(note, { id: "note/7 é", time, headers });
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    expect(seen.map(({ delivery }) => delivery.attempt)).toEqual([1, 2, 3]);
    expect(outcomes).toEqual(["1 retry", "2 retry", "3 dead-letter"]);
    const [letter, ...more] = await bus.deadLetters("failing").list();
    expect(more).toEqual([]);
    expect(letter).toMatchObject({
      group: "failing",
      id: "note/7 é",
      topic: "notes.written",
      key: "Zoë",
      type: "fanfare.testing.v1.Note",
      source: "//conformance",
      time,
      headers,
      cause: "attempts",
      attempts: 3,
      error: "attempt 3 fails: 100 %",
    });
    expect(await bus.deadLetters("failing").read(letter?.sequence ?? 0)).toEqual(letter);
    await env.elapse(1_000);
    expect(seen).toHaveLength(3);
  });

  it("dead-letters an event at once when its handler throws a permanent error", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector(failPermanently);
    const subscription = await subscribeRead(bus, "failing", { handler, backoff });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    const [letter] = await bus.deadLetters("failing").list();
    expect(letter).toMatchObject({ cause: "permanent", attempts: 1, error: "never" });
    expect(seen).toHaveLength(1);
  });

  it.skipIf(features.maxRecordBytes === undefined)(
    "dead-letters the largest possible event, however long its error is",
    async () => {
      await using env = await setUp();
      const bus = await env.openBus();
      const { handler } = createCollector(() => {
        throw new PermanentError("失敗した ".repeat(200));
      });
      const subscription = await subscribeRead(bus, "failing", { handler });
      const { noteRead } = createNotePublisher(bus);
      const fits = (size: number) =>
        noteRead({ body: new Uint8Array(size) }).then(
          () => true,
          () => false,
        );
      const limit = features.maxRecordBytes ?? 0;
      let size = limit;
      while (!(await fits(size))) size -= 16;
      await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
      const [letter] = await bus.deadLetters("failing").list();
      expect(letter?.error).toMatch(/^失敗した 失敗した.*…$/);
      expect(letter?.data.length).toBeGreaterThan(size);
    },
  );

  it("dead-letters an undecodable record at once, and handles its neighbours", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    const subscription = await subscribeRead(bus, "readers", {
      handler,
      backoff,
      unknownTypeGraceMs: 0,
    });
    const { noteRead } = createNotePublisher(bus);
    const publisher = await env.openBroker();
    await noteRead({ number: 1 });
    await publisher.append(
      createForeignRecord("garbage", { "ce-type": "fanfare.testing.v1.Note" }),
      appendOptions,
    );
    await noteRead({ number: 2 });
    await publisher.append(
      createForeignRecord("foreign", { "ce-type": "fanfare.testing.v1.Shelf" }),
      appendOptions,
    );
    await noteRead({ number: 3 });
    await env.waitFor("two dead letters", () => subscription.health().deadLettered === 2);
    await env.waitForCount(seen, 3);
    expect(getSortedNumbers(seen)).toEqual([1, 2, 3]);
    expect(subscription.health().lastError).toMatchObject({ code: "undecodable" });
    const letters = await bus.deadLetters("readers").list();
    const { data } = createForeignRecord("any", {});
    const undecodable = { cause: "undecodable", attempts: 1, source: "//foreign", data };
    expect(letters.map(({ id }) => id).toSorted()).toEqual(["foreign", "garbage"]);
    for (const letter of letters) expect(letter).toMatchObject(undecodable);
  });

  it("leaves an event of an unknown type to other processes for a while before it dead-letters it", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    const unknownTypeGraceMs = 2_000;
    const options = { handler, backoff, maxAttempts: 1, unknownTypeGraceMs };
    const subscription = await subscribeRead(bus, "readers", options);
    const publisher = await env.openBroker();
    const renamed = createForeignRecord("renamed", { "ce-type": "fanfare.testing.v1.Note2" });
    const storedAt = env.now();
    await publisher.append(renamed, appendOptions);
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitFor("the error", () => subscription.health().lastError !== undefined);
    await env.waitForCount(seen, 1);
    expect(subscription.health()).toMatchObject({ deadLettered: 0, failures: 0 });
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    // Less a little, as the server has a clock of its own.
    expect(env.now() - storedAt).toBeGreaterThanOrEqual(unknownTypeGraceMs - 100);
    const [letter] = await bus.deadLetters("readers").list();
    expect(letter).toMatchObject({ id: "renamed", cause: "undecodable", attempts: 1 });
  });

  it("dead-letters an event when its last attempt exceeds handlerTimeoutMs", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const gate = Promise.withResolvers<void>();
    const { handler } = createCollector(() => gate.promise);
    const options = { handler, backoff, maxAttempts: 1, handlerTimeoutMs: 300 };
    const subscription = await subscribeRead(bus, "slow", options);
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    gate.resolve();
    const [letter] = await bus.deadLetters("slow").list();
    expect(letter?.error).toMatch("longer than 300 ms");
  });

  it("stores dead letters with the same id separately by topic, group and event", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const both = { noteWritten: failPermanently, noteRead: failPermanently };
    const groups = ["one", "two"];
    const subscriptions = await Promise.all(
      groups.map((group) => bus.subscribe(group, (on) => on.service(NoteEvents, both))),
    );
    const { noteWritten, noteRead } = createNotePublisher(bus);
    await noteWritten({}, { id: "same" });
    await noteRead({}, { id: "same" });
    const publisher = await env.openBroker();
    // Another event with the id "same", as after the dedupe window.
    const again = createForeignRecord("same", { "ce-type": "fanfare.testing.v1.Note" });
    await publisher.append({ ...again, id: "another" }, appendOptions);
    const counts = () => subscriptions.map((subscription) => subscription.health().deadLettered);
    await env.waitFor("three dead letters per group", () => counts().every((count) => count === 3));
    for (const group of groups) {
      const letters = await bus.deadLetters(group).list();
      const topics = letters.map(({ topic, id }) => `${topic} ${id}`).toSorted();
      expect(topics).toEqual(["notes.read same", "notes.read same", "notes.written same"]);
    }
  });

  it("retries an event whose dead letter cannot be stored", async () => {
    await using env = await setUp();
    let full = true;
    const bus = await env.openBus((broker) =>
      withDeadLetters(broker, {
        store: (group, record, options) =>
          full ? rejectAsFull() : broker.deadLetters.store(group, record, options),
      }),
    );
    const { seen, handler } = createCollector(failPermanently);
    const subscription = await subscribeRead(bus, "failing", { handler, backoff });
    await createNotePublisher(bus).noteRead({ number: 1 }, { id: "one" });
    await env.waitForCount(seen, 4);
    expect(subscription.health()).toMatchObject({ deadLettered: 0, state: "running" });
    expect(subscription.health().lastError?.message).toMatch(/never.*no room/);
    full = false;
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    expect((await bus.deadLetters("failing").list()).map(({ id }) => id)).toEqual(["one"]);
  });
}

/** Creates a record that is not a Note, as a foreign publisher might store it. */
function createForeignRecord(id: string, headers: Record<string, string>): NewRecord {
  return {
    topic: "notes.read",
    id,
    partition: 0,
    headers: { "ce-specversion": "1.0", "ce-id": id, "ce-source": "//foreign", ...headers },
    data: new Uint8Array([0xff, 0xff, 0xff]),
  };
}

import { expect, it } from "vitest";
import type { NewRecord } from "../broker.ts";
import type { EventBus } from "../bus.ts";
import { BusError } from "../error.ts";
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
import type { TestEnvironment } from "./test-environment.ts";

const backoff = { initialIntervalMs: 50, maxIntervalMs: 100 };
const within = { timeoutMs: 10_000, signal: undefined };

/** deadLetterCases state which events are given up, and what can be done with them. */
export function deadLetterCases({ features, setUp }: SuiteContext): void {
  it("gives an event up after its last attempt, with all that it had and why", async () => {
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

  it("gives up at once what a handler calls permanent", async () => {
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
    "gives up the largest event there can be, whatever its error",
    async () => {
      await using env = await setUp();
      const bus = await env.openBus();
      const { handler } = createCollector(() => {
        throw new BusError("permanent", "失敗した ".repeat(200));
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

  it("gives up at once what cannot be decoded, and spares its neighbours", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    const subscription = await subscribeRead(bus, "readers", { handler, backoff });
    const { noteRead } = createNotePublisher(bus);
    const foreign = await env.openBroker();
    await noteRead({ number: 1 });
    await foreign.append(record("garbage", { "ce-type": "fanfare.testing.v1.Note" }), within);
    await noteRead({ number: 2 });
    await foreign.append(record("stranger", { "ce-type": "fanfare.testing.v1.Shelf" }), within);
    await noteRead({ number: 3 });
    await env.waitFor("two dead letters", () => subscription.health().deadLettered === 2);
    await env.waitForCount(seen, 3);
    expect(getSortedNumbers(seen)).toEqual([1, 2, 3]);
    expect(subscription.health().lastError).toMatchObject({ code: "undecodable" });
    const letters = await bus.deadLetters("readers").list();
    const { data } = record("any", {});
    const undecodable = { cause: "undecodable", attempts: 1, source: "//stranger", data };
    expect(letters.map(({ id }) => id).toSorted()).toEqual(["garbage", "stranger"]);
    for (const letter of letters) expect(letter).toMatchObject(undecodable);
  });

  it("gives an event up when its last attempt overruns its deadline", async () => {
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

  it("keeps dead letters of the same id apart: of topics, of groups, of two events", async () => {
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
    const foreign = await env.openBroker();
    // Another event with the id "same", as if its window was over.
    const again = record("same", { "ce-type": "fanfare.testing.v1.Note" });
    await foreign.append({ ...again, id: "another" }, within);
    const dead = () => subscriptions.map((subscription) => subscription.health().deadLettered);
    await env.waitFor("three each", () => dead().every((count) => count === 3));
    for (const group of groups) {
      const letters = await bus.deadLetters(group).list();
      const topics = letters.map(({ topic, id }) => `${topic} ${id}`).toSorted();
      expect(topics).toEqual(["notes.read same", "notes.read same", "notes.written same"]);
    }
  });

  it("gives nothing up that it cannot store as a dead letter", async () => {
    await using env = await setUp();
    let full = true;
    const bus = await env.openBus((broker) =>
      withDeadLetters(broker, {
        store: (group, dead, options) =>
          full ? rejectAsFull() : broker.deadLetters.store(group, dead, options),
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

  it("loses nothing that was given back more often than it may be attempted", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    await nak(env, bus, 5);
    const { seen, handler } = createCollector();
    const subscription = await subscribeRead(bus, "busy", { handler, maxAttempts: 2 });
    await env.waitForCount(seen, 1);
    expect(seen[0]?.delivery.attempt).toBe(6);
    expect(subscription.health()).toMatchObject({ deadLettered: 0, handled: 1 });
  });

  it("gives up what was handed out far beyond its attempts, without its handler", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    await nak(env, bus, 20);
    const { seen, handler } = createCollector();
    const subscription = await subscribeRead(bus, "busy", { handler, maxAttempts: 2 });
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    expect(seen).toEqual([]);
    const [letter] = await bus.deadLetters("busy").list();
    expect(letter).toMatchObject({ cause: "poison", attempts: 21 });
  });
}

/** Declares the group "busy", publishes one event, and gives it back so many times. */
async function nak(env: TestEnvironment, bus: EventBus, times: number): Promise<void> {
  const broker = await env.openBroker();
  const topics = ["notes.read"];
  const group = { group: "busy", topics, from: "now" as const, leaseDurationMs: 10_000 };
  await broker.declare(group);
  await createNotePublisher(bus).noteRead({ number: 1 });
  let given = 0;
  const stream = await broker.lease(group, (lease) => {
    void lease.nak({ delayMs: 0 });
    given++;
    if (given < times) stream.request(1);
  });
  stream.request(1);
  await env.waitFor(`${times} leases`, () => given === times);
  await stream.close();
}

/** A record that is no Note, as a stranger might store it. */
function record(id: string, headers: Record<string, string>): NewRecord {
  return {
    topic: "notes.read",
    id,
    partition: 0,
    headers: { "ce-specversion": "1.0", "ce-id": id, "ce-source": "//stranger", ...headers },
    data: new Uint8Array([0xff, 0xff, 0xff]),
  };
}

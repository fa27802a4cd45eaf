import { expect, it } from "vitest";
import { failPermanently, rejectAsFull, withDeadLetters } from "./faults.ts";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  range,
  subscribeRead,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const backoff = { initialIntervalMs: 50, maxIntervalMs: 100 };

/** Registers the cases of inspecting, replaying and discarding dead letters. */
export function registerReplayCases({ setUp }: SuiteContext): void {
  it("replays a dead letter to its group alone, with its id, headers and time", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    let healthy = false;
    const failing = createCollector(() => {
      if (!healthy) failPermanently();
    });
    const other = createCollector();
    const subscription = await subscribeWritten(bus, "failing", {
      handler: failing.handler,
      backoff,
    });
    await subscribeWritten(bus, "others", other);
    const { noteWritten } = createNotePublisher(bus);
    const headers = { "x-mood": "fine" };
    const time = new Date("2026-03-01T10:11:12.345Z");
    await noteWritten({ author: "Zoë", number: 1 }, { id: "one", headers, time });
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    healthy = true;
    const [letter] = await bus.deadLetters("failing").list();
    const result = await bus.deadLetters("failing").replay(letter?.sequence ?? 0);
    expect(result).toMatchObject({ id: "one", topic: "notes.written", duplicate: false });
    await env.waitForCount(failing.seen, 2);
    const { signal: _, ...first } = failing.seen[0]?.delivery ?? {};
    expect(failing.seen[1]).toMatchObject({ note: { author: "Zoë", number: 1 }, delivery: first });
    expect(failing.seen[1]?.delivery).toMatchObject({ id: "one", attempt: 1, headers, time });
    expect(await bus.deadLetters("failing").list()).toEqual([]);
    await noteWritten({ number: 2 });
    await env.waitFor("the next event", () => getNumbers(other.seen).includes(2));
    expect(getNumbers(other.seen)).toEqual([1, 2]);
    const late = createCollector();
    await subscribeWritten(bus, "late", { handler: late.handler, from: "start" });
    await env.waitFor("every event of the topic", () => getNumbers(late.seen).includes(2));
    expect(getNumbers(late.seen)).toEqual([1, 2]);
  });

  it("dead-letters a replay that fails again, and keeps a replay for a group without processes", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const subscription = await subscribeRead(bus, "failing", { handler: failPermanently, backoff });
    await createNotePublisher(bus).noteRead({ number: 1 }, { id: "one" });
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    const letters = bus.deadLetters("failing");
    const [first] = await letters.list();
    await letters.replay(first?.sequence ?? 0);
    await env.waitFor("another dead letter", () => subscription.health().deadLettered === 2);
    await subscription.stop();
    const [second, ...more] = await letters.list();
    expect(more).toEqual([]);
    expect(second).toMatchObject({ id: "one", attempts: 1 });
    await letters.replay(second?.sequence ?? 0);
    const { seen, handler } = createCollector();
    await subscribeRead(await env.openBus(), "failing", { handler });
    await env.waitForCount(seen, 1);
    expect(seen[0]?.delivery.id).toBe("one");
  });

  it("lists dead letters by pages, and discards one permanently", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const subscription = await subscribeRead(bus, "failing", {
      handler: failPermanently,
      concurrency: 1,
    });
    const { noteRead } = createNotePublisher(bus);
    for (const number of range(7)) await noteRead({ number }, { id: `note/${number}` });
    await env.waitFor("seven dead letters", () => subscription.health().deadLettered === 7);
    const letters = bus.deadLetters("failing");
    const ids: string[] = [];
    let after = 0;
    for (let page = await letters.list({ limit: 3 }); page.length > 0; ) {
      expect(page.length).toBeLessThanOrEqual(3);
      ids.push(...page.map(({ id }) => id));
      after = page.at(-1)?.sequence ?? 0;
      page = await letters.list({ after, limit: 3 });
    }
    expect(ids).toEqual(range(7).map((number) => `note/${number}`));
    await letters.discard(after);
    await expect(letters.read(after)).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(letters.replay(after)).rejects.toMatchObject({ code: "invalid_argument" });
    expect(await letters.list()).toHaveLength(6);
    expect(await bus.deadLetters("nobody").list()).toEqual([]);
  });

  it("keeps a dead letter whose replay cannot be stored", async () => {
    await using env = await setUp();
    const bus = await env.openBus((broker) => withDeadLetters(broker, { replay: rejectAsFull }));
    const subscription = await subscribeRead(bus, "failing", { handler: failPermanently });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    const letters = bus.deadLetters("failing");
    const [letter] = await letters.list();
    const replayed = letters.replay(letter?.sequence ?? 0);
    await expect(replayed).rejects.toMatchObject({ code: "resource_exhausted" });
    expect(await letters.list()).toEqual([letter]);
  });
}

import { expect, it } from "vitest";
import { outOfRoom, refuse, withDeadLetters } from "./dead-letter-faults.ts";
import { createCollector, numbersOf, publisherOf, takeRead, takeWritten, upTo } from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const backoff = { initialIntervalMs: 50, maxIntervalMs: 100 };

/** replayCases state what can be done with dead letters. */
export function replayCases({ stageOf }: SuiteContext): void {
  it("replays a dead letter to its group alone, as the event that it was", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    let well = false;
    const failing = createCollector(() => {
      if (!well) refuse();
    });
    const sound = createCollector();
    const subscription = await takeWritten(bus, "failing", { handler: failing.handler, backoff });
    await takeWritten(bus, "sound", sound);
    const { noteWritten } = publisherOf(bus);
    const headers = { "x-mood": "fine" };
    const time = new Date("2026-03-01T10:11:12.345Z");
    await noteWritten({ author: "Zoë", number: 1 }, { id: "one", headers, time });
    await stage.until("a dead letter", () => subscription.health().deadLettered === 1);
    well = true;
    const [letter] = await bus.deadLetters("failing").list();
    const result = await bus.deadLetters("failing").replay(letter?.sequence ?? 0);
    expect(result).toMatchObject({ id: "one", topic: "notes.written", duplicate: false });
    await stage.untilThere(failing.seen, 2);
    const { signal: _, ...first } = failing.seen[0]?.delivery ?? {};
    expect(failing.seen[1]).toMatchObject({ note: { author: "Zoë", number: 1 }, delivery: first });
    expect(failing.seen[1]?.delivery).toMatchObject({ id: "one", attempt: 1, headers, time });
    expect(await bus.deadLetters("failing").list()).toEqual([]);
    await noteWritten({ number: 2 });
    await stage.until("the next event", () => numbersOf(sound.seen).includes(2));
    expect(numbersOf(sound.seen)).toEqual([1, 2]);
    const late = createCollector();
    await takeWritten(bus, "late", { handler: late.handler, from: "start" });
    await stage.until("all of the topic", () => numbersOf(late.seen).includes(2));
    expect(numbersOf(late.seen)).toEqual([1, 2]);
  });

  it("gives a replayed event up again, and keeps a replay for a group that does not run", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const subscription = await takeRead(bus, "failing", { handler: refuse, backoff });
    await publisherOf(bus).noteRead({ number: 1 }, { id: "one" });
    await stage.until("a dead letter", () => subscription.health().deadLettered === 1);
    const letters = bus.deadLetters("failing");
    const [first] = await letters.list();
    await letters.replay(first?.sequence ?? 0);
    await stage.until("another", () => subscription.health().deadLettered === 2);
    await subscription.stop();
    const [second, ...more] = await letters.list();
    expect(more).toEqual([]);
    expect(second).toMatchObject({ id: "one", attempts: 1 });
    await letters.replay(second?.sequence ?? 0);
    const { seen, handler } = createCollector();
    await takeRead(await stage.openBus(), "failing", { handler });
    await stage.untilThere(seen, 1);
    expect(seen[0]?.delivery.id).toBe("one");
  });

  it("lists by pages, and discards one for good", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const subscription = await takeRead(bus, "failing", { handler: refuse, concurrency: 1 });
    const { noteRead } = publisherOf(bus);
    for (const number of upTo(7)) await noteRead({ number }, { id: `note/${number}` });
    await stage.until("all dead", () => subscription.health().deadLettered === 7);
    const letters = bus.deadLetters("failing");
    const ids: string[] = [];
    let after = 0;
    for (let page = await letters.list({ limit: 3 }); page.length > 0; ) {
      expect(page.length).toBeLessThanOrEqual(3);
      ids.push(...page.map(({ id }) => id));
      after = page.at(-1)?.sequence ?? 0;
      page = await letters.list({ after, limit: 3 });
    }
    expect(ids).toEqual(upTo(7).map((number) => `note/${number}`));
    await letters.discard(after);
    await expect(letters.read(after)).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(letters.replay(after)).rejects.toMatchObject({ code: "invalid_argument" });
    expect(await letters.list()).toHaveLength(6);
    expect(await bus.deadLetters("nobody").list()).toEqual([]);
  });

  it("removes no dead letter whose replay is not stored", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus((broker) => withDeadLetters(broker, { replay: outOfRoom }));
    const subscription = await takeRead(bus, "failing", { handler: refuse });
    await publisherOf(bus).noteRead({ number: 1 });
    await stage.until("a dead letter", () => subscription.health().deadLettered === 1);
    const letters = bus.deadLetters("failing");
    const [letter] = await letters.list();
    const replayed = letters.replay(letter?.sequence ?? 0);
    await expect(replayed).rejects.toMatchObject({ code: "resource_exhausted" });
    expect(await letters.list()).toEqual([letter]);
  });
}

import { expect, it } from "vitest";
import {
  createCollector,
  numbersOf,
  publishAll,
  publisherOf,
  sortedNumbersOf,
  takeRead,
  upTo,
} from "./notes.ts";
import { neededOf, type SuiteContext } from "./suite-context.ts";

/** How long a publish waits for a server that is away. */
const patienceMs = 60_000;

/** recoveryCases state what processes survive without being started again. */
export function recoveryCases({ stageOf, sized }: SuiteContext): void {
  it("loses nothing when the server is killed twice while a hundred publish", async ({ skip }) => {
    const events = sized(10_000, 2_000);
    await using stage = await stageOf();
    const restart = neededOf(stage.store.restart, { skip, lacking: "the broker has no server" });
    const { seen, handler } = createCollector();
    await takeRead(await stage.openBus(), "readers", { handler, leaseDurationMs: 2_000 });
    const { noteRead } = publisherOf(await stage.openBus());
    const waiting = upTo(events);
    async function publish(): Promise<void> {
      for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
        await noteRead({ number }, { id: `${number}`, timeoutMs: patienceMs });
      }
    }
    const publishing = Promise.all(upTo(100).map(publish));
    for (const share of [2 / 3, 1 / 2]) {
      await stage.until("a share published", () => waiting.length < events * share);
      await restart();
    }
    await publishing;
    const numbers = () => new Set(numbersOf(seen));
    await stage.until(`${events} events`, () => numbers().size >= events);
    expect(numbers().size).toBe(events);
  });

  it("goes on from the first unacknowledged when a group is deleted underneath", async ({
    skip,
  }) => {
    await using stage = await stageOf();
    const deleteGroup = neededOf(stage.store.deleteGroup, {
      skip,
      lacking: "nobody can delete a group underneath",
    });
    const bus = await stage.openBus();
    const { seen, handler } = createCollector();
    await takeRead(bus, "readers", { handler, concurrency: 1, confirmAcks: true });
    const other = createCollector();
    await takeRead(bus, "others", other);
    await publishAll(bus, 10);
    await stage.untilThere(seen, 10);
    await stage.until("a quiet group", () =>
      bus.health().subscriptions.every(({ running, waiting }) => running + waiting === 0),
    );
    await deleteGroup("readers", "notes.read");
    await publishAll(bus, 10, { from: 10 });
    await stage.until("the events after", () => new Set(numbersOf(seen)).size === 20);
    expect(sortedNumbersOf(seen)).toEqual(upTo(20));
    await stage.untilThere(other.seen, 20);
    expect(sortedNumbersOf(other.seen)).toEqual(upTo(20));
  });

  it("goes on, and says what is gone, when a topic's events are deleted underneath", async ({
    skip,
  }) => {
    await using stage = await stageOf();
    const deleteTopic = neededOf(stage.store.deleteTopic, {
      skip,
      lacking: "nobody can delete a topic underneath",
    });
    const bus = await stage.openBus();
    const { seen, handler } = createCollector();
    await takeRead(bus, "readers", { handler });
    await publishAll(bus, 10);
    await stage.untilThere(seen, 10);
    await deleteTopic("notes.read");
    await publishAll(bus, 10, { from: 10 });
    await stage.until("the events after", () => new Set(numbersOf(seen)).size === 20);
    expect(bus.health()).toMatchObject({ connected: true, lastError: { code: "data_loss" } });
  });
}

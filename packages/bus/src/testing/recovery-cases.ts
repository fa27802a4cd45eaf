import { expect, it } from "vitest";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  getSortedNumbers,
  publishNotes,
  range,
  subscribeRead,
} from "./notes.ts";
import { requireHook, type SuiteContext } from "./suite-context.ts";

/** How long a publish waits for a server that restarts. */
const publishTimeoutMs = 60_000;

/** Registers the cases of recovery: faults that processes survive without a restart. */
export function registerRecoveryCases({ setUp, pickCount }: SuiteContext): void {
  it("loses no event when the server is killed twice under a hundred publishers", async ({
    skip,
  }) => {
    const events = pickCount(10_000, 2_000);
    await using env = await setUp();
    const restart = requireHook(env.fixture.restart, { skip, reason: "this broker has no server" });
    const { seen, handler } = createCollector();
    await subscribeRead(await env.openBus(), "readers", { handler, leaseDurationMs: 2_000 });
    const { noteRead } = createNotePublisher(await env.openBus());
    const waiting = range(events);
    async function publish(): Promise<void> {
      for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
        await noteRead({ number }, { id: `${number}`, timeoutMs: publishTimeoutMs });
      }
    }
    const publishing = Promise.all(range(100).map(publish));
    for (const share of [2 / 3, 1 / 2]) {
      await env.waitFor("a share of the events", () => waiting.length < events * share);
      await restart();
    }
    await publishing;
    const numbers = () => new Set(getNumbers(seen));
    await env.waitFor(`${events} events`, () => numbers().size >= events);
    expect(numbers().size).toBe(events);
  });

  it("continues at the first unacknowledged event when its group is deleted on the server", async ({
    skip,
  }) => {
    await using env = await setUp();
    const deleteGroup = requireHook(env.fixture.deleteGroup, {
      skip,
      reason: "groups of this broker cannot be deleted",
    });
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeRead(bus, "readers", { handler, concurrency: 1, confirmAcks: true });
    const other = createCollector();
    await subscribeRead(bus, "others", other);
    await publishNotes(bus, 10);
    await env.waitForCount(seen, 10);
    await env.waitFor("idle groups", () =>
      bus.health().subscriptions.every(({ running, waiting }) => running + waiting === 0),
    );
    await deleteGroup("readers", "notes.read");
    await publishNotes(bus, 10, { from: 10 });
    await env.waitFor("the later events", () => new Set(getNumbers(seen)).size === 20);
    expect(getSortedNumbers(seen)).toEqual(range(20));
    await env.waitForCount(other.seen, 20);
    expect(getSortedNumbers(other.seen)).toEqual(range(20));
  });

  it("continues and reports data_loss when a topic is deleted on the server", async ({ skip }) => {
    await using env = await setUp();
    const deleteTopic = requireHook(env.fixture.deleteTopic, {
      skip,
      reason: "topics of this broker cannot be deleted",
    });
    const bus = await env.openBus();
    const { seen, handler } = createCollector();
    await subscribeRead(bus, "readers", { handler });
    await publishNotes(bus, 10);
    await env.waitForCount(seen, 10);
    await deleteTopic("notes.read");
    await publishNotes(bus, 10, { from: 10 });
    await env.waitFor("the later events", () => new Set(getNumbers(seen)).size === 20);
    expect(bus.health()).toMatchObject({ connected: true, lastError: { code: "data_loss" } });
  });
}

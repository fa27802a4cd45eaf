import { expect, it } from "vitest";
import { NoteEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createCollector, numbersOf, publisherOf, takeRead, takeWritten } from "./notes.ts";
import { neededOf, type SuiteContext } from "./suite-context.ts";

/** driftCases state what starting with other settings than before does. */
export function driftCases({ stageOf }: SuiteContext): void {
  it("keeps a group's place, whatever it says of its beginning", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const { noteRead } = publisherOf(bus);
    await noteRead({ number: 0 });
    const first = createCollector();
    const subscription = await takeRead(bus, "readers", { ...first, from: "start" });
    await stage.untilThere(first.seen, 1);
    await subscription.stop();
    await noteRead({ number: 1 });
    for (const [index, from] of (["start", "now", new Date(0)] as const).entries()) {
      const next = createCollector();
      const again = await takeRead(bus, "readers", { ...next, from });
      await stage.untilThere(next.seen, 1);
      expect(numbersOf(next.seen)).toEqual([index + 1]);
      await again.stop();
      await noteRead({ number: index + 2 });
    }
  });

  it("takes another lease up, for a group that is there", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const before = await takeRead(bus, "readers", { handler() {}, leaseDurationMs: 600_000 });
    await before.stop();
    const shorter = {
      group: "readers",
      topics: ["notes.read"],
      from: "now",
      leaseDurationMs: 500,
    } as const;
    const dying = await stage.openBroker();
    await dying.declare(shorter);
    const leased: unknown[] = [];
    const stream = await dying.lease(shorter, (lease) => leased.push(lease));
    stream.request(1);
    await publisherOf(bus).noteRead({ number: 1 });
    await stage.untilThere(leased, 1);
    const { seen, handler } = createCollector();
    await takeRead(bus, "readers", { handler, leaseDurationMs: 500 });
    await stage.untilThere(seen, 1);
    expect(seen[0]?.delivery.attempt).toBe(2);
  });

  it("keeps what a group no longer takes, until it takes it again", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const written = createCollector();
    const erased = createCollector();
    const both = { noteWritten: written.handler, noteErased: erased.handler };
    const first = await bus.subscribe("readers", (on) => on.service(NoteEvents, both));
    await first.stop();
    const second = await takeWritten(bus, "readers", written);
    const { noteWritten, noteErased } = publisherOf(bus);
    await noteErased({ number: 1 });
    await noteWritten({ number: 2 });
    await stage.untilThere(written.seen, 1);
    expect(erased.seen).toEqual([]);
    await second.stop();
    await bus.subscribe("readers", (on) => on.service(NoteEvents, both));
    await stage.untilThere(erased.seen, 1);
    expect([numbersOf(written.seen), numbersOf(erased.seen)]).toEqual([[2], [1]]);
  });

  it("refuses by name what would lose events, and deletes nothing", async ({ skip }) => {
    await using stage = await stageOf();
    const openChanged = neededOf(stage.store.openChanged, {
      skip,
      lacking: "the store's topics have no settings",
    });
    const bus = await stage.openBus();
    await publisherOf(bus).noteRead({ number: 1 });
    const changed = await openChanged();
    try {
      const group = { group: "readers", topics: ["notes.read"], from: "start" } as const;
      await expect(changed.declare({ ...group, leaseDurationMs: 10_000 })).rejects.toMatchObject({
        code: "drift",
        retryable: false,
        message: expect.stringContaining("notes"),
      });
    } finally {
      await changed.close();
    }
    const { seen, handler } = createCollector();
    await takeRead(bus, "readers", { handler, from: "start" });
    await stage.untilThere(seen, 1);
    expect(numbersOf(seen)).toEqual([1]);
  });
}

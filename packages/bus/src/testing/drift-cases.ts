import { expect, it } from "vitest";
import { NoteEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  subscribeRead,
  subscribeWritten,
} from "./notes.ts";
import { requireHook, type SuiteContext } from "./suite-context.ts";

/** Registers the cases of configuration drift: a group is declared again with other settings. */
export function registerDriftCases({ setUp }: SuiteContext): void {
  it("keeps the position of an existing group whatever `from` states", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { noteRead } = createNotePublisher(bus);
    await noteRead({ number: 0 });
    const first = createCollector();
    const subscription = await subscribeRead(bus, "readers", { ...first, from: "start" });
    await env.waitForCount(first.seen, 1);
    await subscription.stop();
    await noteRead({ number: 1 });
    for (const [index, from] of (["start", "now", new Date(0)] as const).entries()) {
      const next = createCollector();
      const again = await subscribeRead(bus, "readers", { ...next, from });
      await env.waitForCount(next.seen, 1);
      expect(getNumbers(next.seen)).toEqual([index + 1]);
      await again.stop();
      await noteRead({ number: index + 2 });
    }
  });

  it("applies a new lease duration to an existing group", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const before = await subscribeRead(bus, "readers", { handler() {}, leaseDurationMs: 600_000 });
    await before.stop();
    const declaration = {
      group: "readers",
      topics: ["notes.read"],
      from: "now",
      leaseDurationMs: 500,
    } as const;
    const crashed = await env.openBroker();
    await crashed.declare(declaration);
    const leased: unknown[] = [];
    const stream = await crashed.lease(declaration, (lease) => leased.push(lease));
    stream.request(1);
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitForCount(leased, 1);
    const { seen, handler } = createCollector();
    await subscribeRead(bus, "readers", { handler, leaseDurationMs: 500 });
    await env.waitForCount(seen, 1);
    expect(seen[0]?.delivery.redelivered).toBe(true);
  });

  it("keeps the events of an unsubscribed topic until the group subscribes to it again", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const written = createCollector();
    const erased = createCollector();
    const both = { noteWritten: written.handler, noteErased: erased.handler };
    const first = await bus.subscribe("readers", (on) => on.service(NoteEvents, both));
    await first.stop();
    const second = await subscribeWritten(bus, "readers", written);
    const { noteWritten, noteErased } = createNotePublisher(bus);
    await noteErased({ number: 1 });
    await noteWritten({ number: 2 });
    await env.waitForCount(written.seen, 1);
    expect(erased.seen).toEqual([]);
    await second.stop();
    await bus.subscribe("readers", (on) => on.service(NoteEvents, both));
    await env.waitForCount(erased.seen, 1);
    expect([getNumbers(written.seen), getNumbers(erased.seen)]).toEqual([[2], [1]]);
  });

  it("rejects settings that would lose events, naming the topic, and deletes nothing", async ({
    skip,
  }) => {
    await using env = await setUp();
    const openConflicting = requireHook(env.fixture.openConflicting, {
      skip,
      reason: "the topics of this broker have no settings",
    });
    const bus = await env.openBus();
    await createNotePublisher(bus).noteRead({ number: 1 });
    const conflicting = await openConflicting();
    try {
      const group = { group: "readers", topics: ["notes.read"], from: "start" } as const;
      await expect(
        conflicting.declare({ ...group, leaseDurationMs: 10_000 }),
      ).rejects.toMatchObject({
        code: "drift",
        retryable: false,
        message: expect.stringContaining("notes"),
      });
    } finally {
      await conflicting.close();
    }
    const { seen, handler } = createCollector();
    await subscribeRead(bus, "readers", { handler, from: "start" });
    await env.waitForCount(seen, 1);
    expect(getNumbers(seen)).toEqual([1]);
  });
}

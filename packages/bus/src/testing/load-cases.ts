import { expect, it } from "vitest";
import type { EventBus } from "../bus.ts";
import type { EventHandler } from "../consume/event-handler.ts";
import { DependencyUnavailableError } from "../consume/handler-errors.ts";
import type { Subscription } from "../consume/subscription.ts";
import { BusError } from "../error.ts";
import { NoteEvents, type NoteSchema } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  getSortedNumbers,
  publishNotes,
  range,
  subscribeRead,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

/** Registers the cases under load. */
export function registerLoadCases({ setUp, pickCount }: SuiteContext): void {
  it("delivers ten events to each of a thousand groups", async () => {
    const count = pickCount(1_000, 100);
    await using env = await setUp();
    const bus = await env.openBus();
    const groups = range(count).map((index) => ({ group: `group-${index}`, ...createCollector() }));
    for (let offset = 0; offset < count; offset += 50) {
      const batch = groups.slice(offset, offset + 50);
      await Promise.all(batch.map(({ group, handler }) => subscribeRead(bus, group, { handler })));
    }
    await publishNotes(bus, 10);
    const isComplete = () => groups.every(({ seen }) => seen.length >= 10);
    await env.waitFor("ten events in each group", isComplete);
    for (const { seen } of groups) expect(getSortedNumbers(seen)).toEqual(range(10));
  });

  it("stores every event that it reported as stored when it closes under twenty publishers", async () => {
    const events = pickCount(10_000, 2_000);
    await using env = await setUp();
    const bus = await env.openBus();
    const { noteRead } = createNotePublisher(bus);
    const waiting = range(events);
    const stored: number[] = [];
    const refusals: unknown[] = [];
    async function publish(): Promise<void> {
      for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
        const taken = number;
        await noteRead({ number: taken }).then(
          () => stored.push(taken),
          (reason: unknown) => refusals.push(reason),
        );
      }
    }
    const publishing = Promise.all(range(20).map(publish));
    await env.waitFor("half of the events", () => stored.length >= events / 2);
    await bus.close();
    await publishing;
    expect(refusals.every((reason) => reason instanceof BusError)).toBe(true);
    expect(stored.length + refusals.length).toBe(events);
    const { seen, handler } = createCollector();
    await subscribeRead(await env.openBus(), "readers", { handler, from: "start" });
    const isComplete = () => {
      const numbers = new Set(getNumbers(seen));
      return stored.every((number) => numbers.has(number));
    };
    await env.waitFor("every stored event", isComplete);
    expect(new Set(getNumbers(seen)).size).toBe(seen.length);
  });

  it("handles every event in every group while processes start, stop and fail", async () => {
    const events = pickCount(4_000, 800);
    await using env = await setUp();
    const random = createRandom(3);
    const groups = ["relaxed", "strict", "small"];
    const handled = new Map(groups.map((group) => [group, new Set<string>()]));
    const processes: EventBus[] = [];
    await open();
    const publishing = Promise.all(range(8).map((offset) => publish(offset)));
    for (const share of [0.1, 0.25, 0.4, 0.55, 0.7, 0.85]) {
      await open();
      await env.waitFor(`${share} of the events`, () => getSlowestCount() >= events * share);
      if (processes.length > 2) await processes.shift()?.close({ timeoutMs: 500 });
    }
    await publishing;
    await env.waitFor("all events", () => getSlowestCount() >= events);
    for (const ids of handled.values()) expect(ids.size).toBe(events);
    const last = await env.openBus();
    for (const group of groups) expect(await last.deadLetters(group).list()).toEqual([]);

    async function open(): Promise<void> {
      const bus = await env.openBus();
      processes.push(bus);
      await Promise.all(groups.map((group) => subscribe(bus, group)));
    }

    function subscribe(bus: EventBus, group: string): Promise<Subscription> {
      const handler: EventHandler<typeof NoteSchema> = async (_, { id }) => {
        const chance = random();
        if (chance < 0.3) await new Promise((resolve) => setImmediate(resolve));
        if (chance < 0.04) throw new Error("not now");
        if (chance < 0.045) throw new DependencyUnavailableError("the database is gone");
        handled.get(group)?.add(id);
      };
      const both = { noteWritten: handler, noteRead: handler };
      return bus.subscribe(group, (on) => on.service(NoteEvents, both), {
        maxAttempts: 1_000,
        backoff: { initialIntervalMs: 5, maxIntervalMs: 40 },
        leaseDurationMs: 2_000,
        order: group === "strict" ? "strict" : "relaxed",
        ...(group === "small" ? { concurrency: 2, prefetch: 1 } : {}),
      });
    }

    async function publish(offset: number): Promise<void> {
      const { noteWritten, noteRead } = createNotePublisher(await env.openBus());
      for (let number = offset; number < events; number += 8) {
        const send = number % 3 === 0 ? noteRead : noteWritten;
        const note = { author: `author-${Math.floor(random() * 20)}`, number };
        await send(note, { id: `${number}` });
      }
    }

    function getSlowestCount(): number {
      return Math.min(...Array.from(handled.values(), ({ size }) => size));
    }
  });
}

/** Creates a generator of reproducible numbers from 0 to below 1 (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

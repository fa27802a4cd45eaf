import { describe, expect, it } from "vitest";
import type { Note } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createMemoryBus } from "../memory/memory-bus.ts";
import { publishNotes, range, subscribeWritten } from "../testing/notes.ts";
import type { Delivery } from "./delivery.ts";
import { DependencyUnavailableError } from "./handler-errors.ts";

/** Returns numbers from 0 to 1 that depend on the seed alone. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** Handles notes at random: at once or later, in time or not, successfully or with any failure. */
function createRandomHandler(random: () => number) {
  const sleeping: (() => void)[] = [];
  const running = new Set<string>();
  const handled = new Map<string, number[]>();
  const overlapping: string[] = [];

  function record({ author, number }: Note): void {
    handled.set(author, [...(handled.get(author) ?? []), number]);
  }

  async function work(note: Note, { signal }: Delivery): Promise<void> {
    if (running.has(note.author)) overlapping.push(note.author);
    running.add(note.author);
    await new Promise<void>((resolve) => {
      sleeping.push(resolve);
    });
    running.delete(note.author);
    fail();
    if (!signal.aborted) record(note);
  }

  function fail(): void {
    const chance = random();
    if (chance < 0.2) throw new Error("no");
    if (chance < 0.3) throw new DependencyUnavailableError("the database is down");
  }

  function handler(note: Note, delivery: Delivery): Promise<void> | void {
    if (random() < 0.5) return work(note, delivery);
    fail();
    record(note);
  }

  /** Lets some of the handlers that sleep continue. */
  function wake(): void {
    for (const resolve of sleeping.splice(0, Math.ceil(random() * sleeping.length))) resolve();
  }

  return { handler, handled, overlapping, wake };
}

describe("strict order", () => {
  it.each(range(25))("handles the events of a key in order, with seed %i", async (seed) => {
    await using bus = createMemoryBus();
    const random = createRandom(seed);
    const { handler, handled, overlapping, wake } = createRandomHandler(random);
    const subscription = await subscribeWritten(bus, "readers", {
      handler,
      order: "strict",
      concurrency: 1 + Math.floor(random() * 5),
      prefetch: Math.floor(random() * 10),
      maxBlocked: Math.floor(random() * 10),
      handlerTimeoutMs: 1_000,
      maxAttempts: 1_000,
    });
    await publishNotes(bus, 50);
    for (let step = 0; step < 1_000 && subscription.health().handled < 50; step++) {
      wake();
      await bus.advance(random() * 2_000);
    }
    const expected = range(10).map((author) => [
      `author-${author}`,
      range(5).map((index) => author + 10 * index),
    ]);
    expect(Object.fromEntries(handled)).toEqual(Object.fromEntries(expected));
    expect(overlapping).toEqual([]);
    const idle = { state: "running", running: 0, waiting: 0, delayed: 0 };
    expect(subscription.health()).toMatchObject(idle);
  });
});

import { describe, expect, it } from "vitest";
import { createKeyedQueue } from "./keyed-queue.ts";

const of = (name: string) => ({ lane: name.slice(0, 1), name });

describe("createKeyedQueue()", () => {
  it("runs a lane in order, one at a time, and queue side by side", () => {
    const started: string[] = [];
    const queue = createKeyedQueue<ReturnType<typeof of>>(3, ({ name }) => started.push(name));
    const items = ["a1", "a2", "b1", "a3"].map(of);
    for (const item of items) queue.add(item);
    expect(started).toEqual(["a1", "b1"]);
    expect([queue.running, queue.waiting]).toEqual([2, 2]);
    queue.finish(of("a1"));
    queue.finish(of("a2"));
    expect(started).toEqual(["a1", "b1", "a2", "a3"]);
    queue.finish(of("a3"));
    queue.add(of("a4"));
    expect(started.at(-1)).toBe("a4");
  });

  it("starts no more than its concurrency, first come first served", () => {
    const started: string[] = [];
    const queue = createKeyedQueue<ReturnType<typeof of>>(1, ({ name }) => started.push(name));
    for (const name of ["a1", "b1", "a2", "c1"]) queue.add(of(name));
    for (const name of ["a1", "b1", "c1"]) queue.finish(of(name));
    expect(started).toEqual(["a1", "b1", "c1", "a2"]);
  });

  it("takes out what has not started, and keeps the queue of what has", () => {
    const started: string[] = [];
    const queue = createKeyedQueue<ReturnType<typeof of>>(1, ({ name }) => started.push(name));
    for (const name of ["a1", "a2", "b1", "b2"]) queue.add(of(name));
    expect(queue.clear().map(({ name }) => name)).toEqual(["b1", "b2", "a2"]);
    expect([queue.running, queue.waiting]).toEqual([1, 0]);
    queue.add(of("a3"));
    queue.add(of("b3"));
    expect(started).toEqual(["a1"]);
    queue.finish(of("a1"));
    queue.finish(of("b3"));
    expect(started).toEqual(["a1", "b3", "a3"]);
  });

  it("frees the place of a parked item, not its lane, and gives it the next place", async () => {
    const started: string[] = [];
    const queue = createKeyedQueue<ReturnType<typeof of>>(1, ({ name }) => started.push(name));
    const items = ["a1", "a2", "b1", "c1"].map(of);
    const [first, , second] = items;
    for (const item of items) queue.add(item);
    if (first !== undefined) queue.park(first);
    expect([started, queue.parked, queue.behind]).toEqual([["a1", "b1"], 1, 1]);
    const placed = first === undefined ? undefined : queue.unpark(first);
    if (second !== undefined) queue.finish(second);
    expect(await placed).toBe(true);
    expect([started, queue.parked, queue.running]).toEqual([["a1", "b1"], 0, 1]);
    if (first !== undefined) queue.finish(first);
    expect(started).toEqual(["a1", "b1", "c1"]);
  });
});

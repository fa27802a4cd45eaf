import { describe, expect, it } from "vitest";
import { createKeyedQueue } from "./keyed-queue.ts";

const createItem = (name: string) => ({ queueKey: name.slice(0, 1), name });

describe("createKeyedQueue()", () => {
  it("runs the items of a key in order, one at a time, and keys side by side", () => {
    const started: string[] = [];
    const queue = createKeyedQueue<ReturnType<typeof createItem>>(3, ({ name }) =>
      started.push(name),
    );
    const items = ["a1", "a2", "b1", "a3"].map(createItem);
    for (const item of items) queue.add(item);
    expect(started).toEqual(["a1", "b1"]);
    expect([queue.running, queue.waiting]).toEqual([2, 2]);
    queue.finish(createItem("a1"));
    queue.finish(createItem("a2"));
    expect(started).toEqual(["a1", "b1", "a2", "a3"]);
    queue.finish(createItem("a3"));
    queue.add(createItem("a4"));
    expect(started.at(-1)).toBe("a4");
  });

  it("starts no more than its concurrency, in the order of arrival", () => {
    const started: string[] = [];
    const queue = createKeyedQueue<ReturnType<typeof createItem>>(1, ({ name }) =>
      started.push(name),
    );
    for (const name of ["a1", "b1", "a2", "c1"]) queue.add(createItem(name));
    for (const name of ["a1", "b1", "c1"]) queue.finish(createItem(name));
    expect(started).toEqual(["a1", "b1", "c1", "a2"]);
  });

  it("removes what has not started, and keeps the keys of what has", () => {
    const started: string[] = [];
    const queue = createKeyedQueue<ReturnType<typeof createItem>>(1, ({ name }) =>
      started.push(name),
    );
    for (const name of ["a1", "a2", "b1", "b2"]) queue.add(createItem(name));
    expect(queue.clear().map(({ name }) => name)).toEqual(["b1", "b2", "a2"]);
    expect([queue.running, queue.waiting]).toEqual([1, 0]);
    queue.add(createItem("a3"));
    queue.add(createItem("b3"));
    expect(started).toEqual(["a1"]);
    queue.finish(createItem("a1"));
    queue.finish(createItem("b3"));
    expect(started).toEqual(["a1", "b3", "a3"]);
  });

  it("frees the slot of a blocked item, not its key, and gives it the next slot", async () => {
    const started: string[] = [];
    const queue = createKeyedQueue<ReturnType<typeof createItem>>(1, ({ name }) =>
      started.push(name),
    );
    const items = ["a1", "a2", "b1", "c1"].map(createItem);
    const [first, , second] = items;
    for (const item of items) queue.add(item);
    if (first !== undefined) queue.block(first);
    expect([started, queue.blocked, queue.behind]).toEqual([["a1", "b1"], 1, 1]);
    const hasSlot = first === undefined ? undefined : queue.unblock(first);
    if (second !== undefined) queue.finish(second);
    expect(await hasSlot).toBe(true);
    expect([started, queue.blocked, queue.running]).toEqual([["a1", "b1"], 0, 1]);
    if (first !== undefined) queue.finish(first);
    expect(started).toEqual(["a1", "b1", "c1"]);
  });
});

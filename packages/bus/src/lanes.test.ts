import { describe, expect, it } from "vitest";
import { createLanes } from "./lanes.ts";

const of = (name: string) => ({ lane: name.slice(0, 1), name });

describe("createLanes()", () => {
  it("runs a lane in order, one at a time, and lanes side by side", () => {
    const started: string[] = [];
    const lanes = createLanes<ReturnType<typeof of>>(3, ({ name }) => started.push(name));
    const items = ["a1", "a2", "b1", "a3"].map(of);
    for (const item of items) lanes.add(item);
    expect(started).toEqual(["a1", "b1"]);
    expect([lanes.running, lanes.waiting]).toEqual([2, 2]);
    lanes.finish(of("a1"));
    lanes.finish(of("a2"));
    expect(started).toEqual(["a1", "b1", "a2", "a3"]);
    lanes.finish(of("a3"));
    lanes.add(of("a4"));
    expect(started.at(-1)).toBe("a4");
  });

  it("starts no more than its concurrency, first come first served", () => {
    const started: string[] = [];
    const lanes = createLanes<ReturnType<typeof of>>(1, ({ name }) => started.push(name));
    for (const name of ["a1", "b1", "a2", "c1"]) lanes.add(of(name));
    for (const name of ["a1", "b1", "c1"]) lanes.finish(of(name));
    expect(started).toEqual(["a1", "b1", "c1", "a2"]);
  });

  it("takes out what has not started, and keeps the lanes of what has", () => {
    const started: string[] = [];
    const lanes = createLanes<ReturnType<typeof of>>(1, ({ name }) => started.push(name));
    for (const name of ["a1", "a2", "b1", "b2"]) lanes.add(of(name));
    expect(lanes.clear().map(({ name }) => name)).toEqual(["b1", "b2", "a2"]);
    expect([lanes.running, lanes.waiting]).toEqual([1, 0]);
    lanes.add(of("a3"));
    lanes.add(of("b3"));
    expect(started).toEqual(["a1"]);
    lanes.finish(of("a1"));
    lanes.finish(of("b3"));
    expect(started).toEqual(["a1", "b3", "a3"]);
  });

  it("frees the place of a parked item, not its lane, and gives it the next place", async () => {
    const started: string[] = [];
    const lanes = createLanes<ReturnType<typeof of>>(1, ({ name }) => started.push(name));
    const items = ["a1", "a2", "b1", "c1"].map(of);
    const [first, , second] = items;
    for (const item of items) lanes.add(item);
    if (first !== undefined) lanes.park(first);
    expect([started, lanes.parked, lanes.behind]).toEqual([["a1", "b1"], 1, 1]);
    const placed = first === undefined ? undefined : lanes.unpark(first);
    if (second !== undefined) lanes.finish(second);
    expect(await placed).toBe(true);
    expect([started, lanes.parked, lanes.running]).toEqual([["a1", "b1"], 0, 1]);
    if (first !== undefined) lanes.finish(first);
    expect(started).toEqual(["a1", "b1", "c1"]);
  });
});

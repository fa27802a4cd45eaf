import { describe, expect, it } from "vitest";
import { createInFlightWindow } from "./in-flight-window.ts";

describe("createInFlightWindow()", () => {
  it("admits up to maxInFlight items, and the next one in order whenever one is removed", () => {
    const { admitted, window } = open(2, 10);
    for (const item of [1, 2, 3, 4, 5]) window.add(item);
    expect(admitted).toEqual([1, 2]);
    window.remove(2);
    expect(admitted).toEqual([1, 2, 3]);
    window.remove(1);
    window.remove(3);
    window.add(6);
    expect(admitted).toEqual([1, 2, 3, 4, 5]);
    window.remove(4);
    expect(admitted).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("skips items that were removed from the queue", () => {
    const { admitted, window } = open(1, 10);
    for (const item of [1, 2, 3]) window.add(item);
    window.remove(2);
    window.remove(1);
    expect(admitted).toEqual([1, 3]);
  });

  it("rejects an item when the queue is full", () => {
    const { admitted, window } = open(1, 1);
    for (const item of [1, 2]) window.add(item);
    expect(() => window.add(3)).toThrow("1 publishes are in flight and 1 wait");
    window.remove(1);
    window.add(3);
    expect(admitted).toEqual([1, 2]);
  });
});

function open(maxInFlight: number, maxWaiting: number) {
  const admitted: number[] = [];
  const admit = (item: number) => admitted.push(item);
  return { admitted, window: createInFlightWindow<number>({ maxInFlight, maxWaiting }, admit) };
}

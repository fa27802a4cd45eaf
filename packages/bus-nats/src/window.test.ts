import { describe, expect, it } from "vitest";
import { createWindow } from "./window.ts";

describe("a window", () => {
  it("lets in as many as it has places, and the others in order as places come free", () => {
    const { admitted, window } = open(2, 10);
    for (const item of [1, 2, 3, 4, 5]) window.enter(item);
    expect(admitted).toEqual([1, 2]);
    window.leave(2);
    expect(admitted).toEqual([1, 2, 3]);
    window.leave(1);
    window.leave(3);
    window.enter(6);
    expect(admitted).toEqual([1, 2, 3, 4, 5]);
    window.leave(4);
    expect(admitted).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("passes over what has left the line", () => {
    const { admitted, window } = open(1, 10);
    for (const item of [1, 2, 3]) window.enter(item);
    window.leave(2);
    window.leave(1);
    expect(admitted).toEqual([1, 3]);
  });

  it("refuses what finds the line full", () => {
    const { admitted, window } = open(1, 1);
    for (const item of [1, 2]) window.enter(item);
    expect(() => window.enter(3)).toThrow("1 publishes are in flight and 1 wait");
    window.leave(1);
    window.enter(3);
    expect(admitted).toEqual([1, 2]);
  });
});

function open(places: number, line: number) {
  const admitted: number[] = [];
  return { admitted, window: createWindow<number>({ places, line }, (n) => admitted.push(n)) };
}

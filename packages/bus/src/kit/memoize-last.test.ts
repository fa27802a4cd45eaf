import { describe, expect, it } from "vitest";
import { memoizeLast } from "./memoize-last.ts";

describe("memoizeLast()", () => {
  it("computes again when the argument differs from the last one", () => {
    const asked: number[] = [];
    const double = memoizeLast((argument: number) => {
      asked.push(argument);
      return argument * 2;
    });
    expect([1, 1, 2, 2, 1].map(double)).toEqual([2, 2, 4, 4, 2]);
    expect(asked).toEqual([1, 2, 1]);
  });

  it("memoizes nothing when it throws", () => {
    let fails = true;
    const once = memoizeLast((argument: string) => {
      if (fails) throw new Error("not now");
      return argument;
    });
    expect(() => once("a")).toThrow("not now");
    fails = false;
    expect(once("a")).toBe("a");
  });
});

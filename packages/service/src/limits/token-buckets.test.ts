import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createTokenBuckets } from "./token-buckets.ts";

const rate = { perSecond: 10, burst: 3 };

describe("createTokenBuckets()", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("admits a burst, then the rate, and states how long to wait", () => {
    const { take } = createTokenBuckets(10);
    expect([1, 2, 3].map(() => take("a", rate))).toEqual([0, 0, 0]);
    expect(take("a", rate)).toBeCloseTo(100);
    expect(take("b", rate)).toBe(0);
    vi.advanceTimersByTime(100);
    expect(take("a", rate)).toBe(0);
    expect(take("a", rate)).toBeGreaterThan(0);
    vi.advanceTimersByTime(60_000);
    expect([1, 2, 3, 4].map(() => take("a", rate) === 0)).toEqual([true, true, true, false]);
  });

  it("forgets the key that was not used for longest", () => {
    const { take } = createTokenBuckets(2);
    for (let call = 0; call < 3; call += 1) take("old", rate);
    take("used", rate);
    take("new", rate);
    expect(take("old", rate)).toBe(0);
  });
});

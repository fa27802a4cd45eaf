import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createKnownTokens } from "./known-tokens.ts";

const afterMs = (ms: number) => new Date(Date.now() + ms);

describe("createKnownTokens()", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterEach(() => void vi.useRealTimers());

  it("remembers a token until it expires", () => {
    const known = createKnownTokens(2);
    known.add("a", afterMs(1000));
    expect([known.has("a"), known.has("b")]).toEqual([true, false]);
    vi.advanceTimersByTime(1000);
    expect(known.has("a")).toBe(false);
  });

  it("forgets the token that was used least recently", () => {
    const known = createKnownTokens(2);
    for (const token of ["a", "b", "a", "c"]) known.add(token, afterMs(1000));
    expect(["a", "b", "c"].map((token) => known.has(token))).toEqual([true, false, true]);
  });
});

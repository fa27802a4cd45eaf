import { describe, expect, it } from "vitest";
import { callOf } from "./limit-call.ts";

function left(ms: number | undefined) {
  return { timeoutMs: () => ms, signal: new AbortController().signal };
}

describe("callOf()", () => {
  it("leaves time to answer before the caller's deadline", () => {
    expect(callOf(left(3_000)).timeoutMs).toBe(2_500);
  });

  it("waits no time, and not less, when there is none", () => {
    expect(callOf(left(100)).timeoutMs).toBe(1);
  });

  it("is bounded when the caller names no deadline, or a later one than allowed", () => {
    expect(callOf(left(undefined)).timeoutMs).toBeLessThanOrEqual(60_000);
    expect(callOf(left(30_000), 5_000).timeoutMs).toBe(5_000);
  });
});

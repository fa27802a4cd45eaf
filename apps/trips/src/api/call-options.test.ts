import { describe, expect, it } from "vitest";
import { createCallOptions } from "./call-options.ts";

function createContext(leftMs: number | undefined) {
  return { timeoutMs: () => leftMs, signal: new AbortController().signal };
}

describe("createCallOptions()", () => {
  it("reserves time to answer before the caller's deadline", () => {
    expect(createCallOptions(createContext(3_000)).timeoutMs).toBe(2_500);
  });

  it("returns 1 ms when the reserve exceeds the time left", () => {
    expect(createCallOptions(createContext(100)).timeoutMs).toBe(1);
  });

  it("limits a call without a deadline, and one with a later deadline than allowed", () => {
    expect(createCallOptions(createContext(undefined)).timeoutMs).toBeLessThanOrEqual(60_000);
    expect(createCallOptions(createContext(30_000), 5_000).timeoutMs).toBe(5_000);
  });
});

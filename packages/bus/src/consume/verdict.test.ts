import { describe, expect, it } from "vitest";
import { isSuspect, judgeFailure } from "./verdict.ts";

const policy = { maxAttempts: 8, backoff: (attempt: number) => attempt * 100 };

describe("judgeFailure()", () => {
  it("retries with backoff until the attempts are exhausted", () => {
    const error = new Error("no");
    const retry = { kind: "retry", error, delayMs: 700 };
    expect(judgeFailure(error, { attempt: 7, kind: "retry" }, policy)).toEqual(retry);
    const dead = { kind: "dead-letter", error, cause: "attempts" };
    expect(judgeFailure(error, { attempt: 8, kind: "retry" }, policy)).toEqual(dead);
    expect(judgeFailure("no error at all", { attempt: 9, kind: "retry" }, policy)).toMatchObject({
      kind: "dead-letter",
      error: { message: "no error at all" },
      cause: "attempts",
    });
  });

  it("dead-letters and pauses whatever the attempt", () => {
    const error = new Error("no");
    const dead = { kind: "dead-letter", error, cause: "permanent" };
    expect(judgeFailure(error, { attempt: 1, kind: "dead-letter" }, policy)).toEqual(dead);
    const pause = { kind: "pause", error };
    expect(judgeFailure(error, { attempt: 99, kind: "pause" }, policy)).toEqual(pause);
  });
});

describe("isSuspect()", () => {
  it("begins far beyond the maximum attempts", () => {
    expect([1, 20, 21].map((deliveries) => isSuspect(deliveries, 1))).toEqual([false, false, true]);
    expect([8, 40, 41].map((deliveries) => isSuspect(deliveries, 8))).toEqual([false, false, true]);
  });
});

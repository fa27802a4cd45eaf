import { describe, expect, it } from "vitest";
import { BusError } from "../error.ts";
import { isPoison, judgeFailure } from "./verdict.ts";

const policy = { maxAttempts: 8, backoff: (attempt: number) => attempt * 100 };

describe("judgeFailure()", () => {
  it("retries with backoff until the attempts are exhausted", () => {
    const error = new Error("no");
    expect(judgeFailure(error, 7, policy)).toEqual({ kind: "retry", error, delayMs: 700 });
    const dead = { kind: "dead-letter", error, cause: "attempts" };
    expect(judgeFailure(error, 8, policy)).toEqual(dead);
    expect(judgeFailure("no error at all", 9, policy)).toMatchObject({
      kind: "dead-letter",
      error: { message: "no error at all" },
      cause: "attempts",
    });
  });

  it("makes a readable error of anything that is thrown", () => {
    const unreadable = Object.assign(new Error("no"), { message: 7 });
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(judgeFailure(revoked, 1, policy)).toHaveProperty(
      "error.message",
      "something without a string form was thrown",
    );
    class Throwing extends Error {
      override get message(): string {
        throw new Error("no message");
      }
    }
    expect(judgeFailure(new Throwing(), 1, policy)).toHaveProperty("error.code", "internal");
    for (const reason of [null, Object.create(null), Symbol("no"), unreadable]) {
      expect(judgeFailure(reason, 1, policy)).toMatchObject({
        kind: "retry",
        error: { message: expect.any(String), cause: reason },
      });
    }
  });

  it("dead-letters at once what a retry cannot mend", () => {
    for (const cause of ["permanent", "undecodable"] as const) {
      const error = new BusError(cause, "closed account");
      expect(judgeFailure(error, 1, policy)).toEqual({ kind: "dead-letter", error, cause });
    }
  });

  it("pauses while a dependency is unavailable, whatever the attempt", () => {
    const error = new BusError("unavailable", "the database is gone");
    expect(judgeFailure(error, 99, policy)).toEqual({ kind: "pause", error });
  });
});

describe("isPoison()", () => {
  it("begins far beyond the maximum attempts", () => {
    expect([1, 20, 21].map((attempt) => isPoison(attempt, 1))).toEqual([false, false, true]);
    expect([8, 40, 41].map((attempt) => isPoison(attempt, 8))).toEqual([false, false, true]);
  });
});

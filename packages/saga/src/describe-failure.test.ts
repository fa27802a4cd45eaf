import {
  ActivityFailure,
  ApplicationFailure,
  RetryState,
  TimeoutFailure,
} from "@temporalio/common";
import { describe, expect, it } from "vitest";
import { describeFailure, isCancelled, isTemporalFailure } from "./describe-failure.ts";

function wrapInActivity(cause: Error): ActivityFailure {
  return new ActivityFailure(
    "Activity task failed",
    "book",
    "book",
    RetryState.TIMEOUT,
    "w",
    cause,
  );
}

describe("describeFailure()", () => {
  it("returns the code of a refusal", () => {
    const failure = wrapInActivity(
      ApplicationFailure.nonRetryable("no seat", "failed_precondition"),
    );
    expect(describeFailure(failure)).toEqual({
      message: "no seat",
      code: "failed_precondition",
    });
  });

  it("returns no code for a retryable failure", () => {
    const failure = wrapInActivity(
      ApplicationFailure.retryable("connection refused", "unavailable"),
    );
    expect(describeFailure(failure)).toEqual({ message: "connection refused" });
  });

  it("adds the last failure to a timeout", () => {
    const last = ApplicationFailure.retryable("connection refused");
    const timeout = Object.assign(
      new TimeoutFailure("activity timeout", undefined, "SCHEDULE_TO_CLOSE"),
      {
        cause: last,
      },
    );
    expect(describeFailure(wrapInActivity(timeout)).message).toBe("timed out: connection refused");
  });

  it("describes a timeout without a failure", () => {
    const timeout = new TimeoutFailure("activity timeout", undefined, "SCHEDULE_TO_CLOSE");
    expect(describeFailure(wrapInActivity(timeout))).toEqual({ message: "timed out" });
  });

  it("describes a value that is no error", () => {
    expect(describeFailure("odd")).toEqual({ message: "odd" });
  });

  it("takes every value that may be thrown, and finds no failure of Temporal in it", () => {
    const { proxy: revoked, revoke } = Proxy.revocable(new Error("gone"), {});
    revoke();
    const throwing = Object.defineProperty(new Error("odd"), "message", {
      get: () => {
        throw new Error("no message");
      },
    });
    const cycle = new Error("one");
    cycle.cause = new Error("two", { cause: cycle });
    const nullPrototype = Object.assign(Object.create(null), { code: 7 });
    const unreadable = { message: "a value without a readable message was thrown" };
    for (const reason of [revoked, throwing, nullPrototype]) {
      expect(describeFailure(reason)).toEqual(unreadable);
      expect(describeFailure(new Error("wrapped", { cause: reason }))).toEqual({
        message: "wrapped",
      });
      expect([isTemporalFailure(reason), isCancelled(reason)]).toEqual([false, false]);
    }
    expect(describeFailure(cycle)).toEqual({ message: "one" });
    expect(isTemporalFailure(new AggregateError([revoked], "many"))).toBe(false);
  });
});

describe("isTemporalFailure()", () => {
  it("distinguishes a failure of an activity from a bug", () => {
    expect(isTemporalFailure(wrapInActivity(new ApplicationFailure("no")))).toBe(true);
    expect(isTemporalFailure(new TypeError("undefined is not a function"))).toBe(false);
    const wrapped = new Error("no seat", { cause: wrapInActivity(new Error("no")) });
    expect(isTemporalFailure(new Error("the booking failed", { cause: wrapped }))).toBe(true);
    expect(isTemporalFailure(new Error("the booking failed", { cause: new Error("no") }))).toBe(
      false,
    );
  });
});

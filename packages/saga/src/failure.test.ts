import {
  ActivityFailure,
  ApplicationFailure,
  RetryState,
  TimeoutFailure,
} from "@temporalio/common";
import { describe, expect, it } from "vitest";
import { accountFor, isFailure } from "./failure.ts";

const refusal = (failure: ApplicationFailure) => failure.nonRetryable === true;

function ofActivity(cause: Error): ActivityFailure {
  return new ActivityFailure(
    "Activity task failed",
    "book",
    "book",
    RetryState.TIMEOUT,
    "w",
    cause,
  );
}

describe("accountFor()", () => {
  it("names the code of a refusal", () => {
    const failure = ofActivity(ApplicationFailure.nonRetryable("no seat", "failed_precondition"));
    expect(accountFor(failure, refusal)).toEqual({
      message: "no seat",
      code: "failed_precondition",
    });
  });

  it("gives no code to a failure that could have been retried", () => {
    const failure = ofActivity(ApplicationFailure.retryable("connection refused", "unavailable"));
    expect(accountFor(failure, refusal)).toEqual({ message: "connection refused" });
  });

  it("says what a timeout waited for", () => {
    const last = ApplicationFailure.retryable("connection refused");
    const timeout = Object.assign(
      new TimeoutFailure("activity timeout", undefined, "SCHEDULE_TO_CLOSE"),
      {
        cause: last,
      },
    );
    expect(accountFor(ofActivity(timeout), refusal).message).toBe("timed out: connection refused");
  });

  it("says of a timeout alone that it was one", () => {
    const timeout = new TimeoutFailure("activity timeout", undefined, "SCHEDULE_TO_CLOSE");
    expect(accountFor(ofActivity(timeout), refusal)).toEqual({ message: "timed out" });
  });

  it("tells what is not even an error", () => {
    expect(accountFor("odd", refusal)).toEqual({ message: "odd" });
  });
});

describe("isFailure()", () => {
  it("tells a failure of an activity from a bug", () => {
    expect(isFailure(ofActivity(new ApplicationFailure("no")))).toBe(true);
    expect(isFailure(new TypeError("undefined is not a function"))).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { BusError } from "../error.ts";
import { createAttempt } from "./attempt.ts";

const envelope = {
  id: "one",
  topic: "notes.read",
  key: undefined,
  time: new Date(0),
  source: "//tests",
  headers: {},
};

describe("createAttempt()", () => {
  it("aborts the signal with the first reason", () => {
    const attempt = createAttempt(envelope, { group: "readers", attempt: 1 });
    const { signal } = attempt.delivery;
    const reason = new BusError("deadline_exceeded", "too slow");
    attempt.abort(reason);
    attempt.abort(new BusError("aborted", "stopping"));
    expect(signal.reason).toBe(reason);
    expect(attempt.aborted).toBe(reason);
    expect(attempt.delivery.signal).toBe(signal);
  });

  it("returns an aborted signal when it is first read after the abort", () => {
    const attempt = createAttempt(envelope, { group: "readers", attempt: 1 });
    attempt.abort(new BusError("aborted", "stopping"));
    expect(attempt.delivery.signal.aborted).toBe(true);
  });
});

import { describe, expect, it } from "vitest";
import { BusError } from "../error.ts";
import { createAttempt } from "./attempt.ts";

const envelope = {
  id: "one",
  topic: "notes.read",
  key: undefined,
  time: new Date(0),
  source: "//tests",
  attributes: {},
  headers: {},
};

const about = { group: "readers", attempt: 1, redelivered: false };

describe("createAttempt()", () => {
  it("aborts the signal with the first reason", () => {
    const attempt = createAttempt(envelope, about);
    const { signal } = attempt.delivery;
    const reason = new BusError("deadline_exceeded", "too slow");
    attempt.abort(reason);
    attempt.abort(new BusError("aborted", "stopping"));
    expect(signal.reason).toBe(reason);
    expect(attempt.aborted).toBe(reason);
    expect(attempt.delivery.signal).toBe(signal);
  });

  it("creates a delivery that is plain data: a copy has everything", () => {
    const attempt = createAttempt(envelope, about);
    const { delivery } = attempt;
    const copy = { ...delivery };
    expect(copy).toEqual({ ...about, ...envelope, signal: delivery.signal });
    expect(Object.getPrototypeOf(delivery)).toBe(Object.prototype);
    attempt.abort(new BusError("aborted", "stopping"));
    expect(copy.signal.aborted).toBe(true);
  });
});

import { describe, expect, it } from "vitest";
import { BusError } from "../error.ts";
import { isPoison, outcomeOf } from "./outcome.ts";

describe("outcomeOf()", () => {
  it("retries a failure until its attempts are used up", () => {
    const failure = new Error("no");
    expect(outcomeOf(failure, { attempt: 7, maxAttempts: 8 })).toEqual({ kind: "retry" });
    const dead = { kind: "dead-letter", cause: "attempts" };
    expect(outcomeOf(failure, { attempt: 8, maxAttempts: 8 })).toEqual(dead);
    expect(outcomeOf("no error at all", { attempt: 9, maxAttempts: 8 })).toEqual(dead);
  });

  it("gives up at once what cannot get better", () => {
    const first = { attempt: 1, maxAttempts: 8 };
    const permanent = outcomeOf(new BusError("permanent", "closed account"), first);
    expect(permanent).toEqual({ kind: "dead-letter", cause: "permanent" });
    const undecodable = outcomeOf(new BusError("undecodable", "no note"), first);
    expect(undecodable).toEqual({ kind: "dead-letter", cause: "undecodable" });
  });

  it("takes no attempt for an outage", () => {
    const lost = new BusError("unavailable", "the database is gone");
    expect(outcomeOf(lost, { attempt: 99, maxAttempts: 8 })).toEqual({ kind: "pause" });
  });
});

describe("isPoison()", () => {
  it("begins far beyond the maximum attempts", () => {
    expect([1, 20, 21].map((attempt) => isPoison(attempt, 1))).toEqual([false, false, true]);
    expect([8, 40, 41].map((attempt) => isPoison(attempt, 8))).toEqual([false, false, true]);
  });
});

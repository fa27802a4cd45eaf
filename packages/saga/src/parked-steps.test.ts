import { describe, expect, it } from "vitest";
import { createParkedSteps, type ParkedStep } from "./parked-steps.ts";

const book: ParkedStep = { step: "book", compensation: true, reason: "closed", resolvable: true };
const pay: ParkedStep = { step: "pay", compensation: false, reason: "declined", resolvable: false };

describe("createParkedSteps()", () => {
  it("applies a decision to all steps", async () => {
    const parked = createParkedSteps();
    const decisions = [parked.park(book), parked.park(pay)];
    expect(parked.list()).toEqual([book, pay]);
    expect(parked.decide({ kind: "retry" })).toEqual(["book", "pay"]);
    expect(await Promise.all(decisions)).toEqual([{ kind: "retry" }, { kind: "retry" }]);
    expect(parked.list()).toEqual([]);
  });

  it("applies a decision to the named step alone", () => {
    const parked = createParkedSteps();
    void parked.park(book);
    void parked.park(pay);
    expect(parked.decide({ kind: "retry" }, "pay")).toEqual(["pay"]);
    expect(parked.list()).toEqual([book]);
  });

  it("does not resolve a step that can only be retried", () => {
    const parked = createParkedSteps();
    void parked.park(book);
    void parked.park(pay);
    expect(parked.decide({ kind: "resolve", note: "paid in cash" })).toEqual(["book"]);
    expect(parked.list()).toEqual([pay]);
  });

  it("returns no step when none is parked", () => {
    expect(createParkedSteps().decide({ kind: "retry" })).toEqual([]);
  });
});

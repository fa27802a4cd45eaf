import { describe, expect, it } from "vitest";
import { readStep, readText } from "./update-arguments.ts";

const reason = { field: "reason", missing: "cancel needs a reason" };

describe("readText()", () => {
  it("returns the text of a field", () => {
    expect(readText({ reason: "rain" }, reason)).toBe("rain");
  });

  it.each([[undefined], [null], [42], ["rain"], [[]], [{}], [{ reason: 42 }]])(
    "throws when the text is missing: %j",
    (argument) => {
      expect(() => readText(argument, reason)).toThrow("cancel needs a reason");
    },
  );

  it("throws when the text is too long", () => {
    expect(() => readText({ reason: "x".repeat(1_001) }, reason)).toThrow(
      "the reason is too long: use at most 1000 characters",
    );
  });
});

describe("readStep()", () => {
  it("returns the named step", () => {
    expect(readStep({ step: "capture" })).toBe("capture");
  });

  it.each([[undefined], [null], ["all"], [{}]])(
    "returns no step when none is named: %j",
    (argument) => {
      expect(readStep(argument)).toBeUndefined();
    },
  );

  it("throws when the step is no text", () => {
    expect(() => readStep({ step: 42 })).toThrow("step is not the name of a step");
  });
});

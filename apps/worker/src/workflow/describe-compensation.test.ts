import { describe, expect, it } from "vitest";
import { describeCompensation } from "./describe-compensation.ts";

describe("describeCompensation()", () => {
  it("returns the refusal of a step", () => {
    const refusal = { code: "not_found", message: "no such vehicle", step: "reserve-vehicle" };
    expect(describeCompensation({ kind: "refused", ...refusal })).toEqual({
      status: "CANCELLED",
      reason: "no such vehicle",
      refusal,
    });
  });

  it("turns a timeout into a refusal that advises another trip", () => {
    const compensated = describeCompensation({
      kind: "failed",
      step: "open-tab",
      message: "timed out",
    });
    expect(compensated.refusal).toMatchObject({ code: "aborted", step: "open-tab" });
    expect(compensated.reason).toBe(
      "open-tab did not succeed within its timeout (timed out): start another trip later",
    );
  });

  it("returns no refusal for a cancellation", () => {
    const cancelled = { kind: "cancelled", message: "rain" } as const;
    expect(describeCompensation({ ...cancelled, by: "request" })).toEqual({
      status: "CANCELLED",
      reason: "rain",
    });
    expect(describeCompensation({ ...cancelled, by: "temporal" }).reason).toBe(
      "cancelled in Temporal",
    );
  });
});

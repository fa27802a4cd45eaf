import { describe, expect, it } from "vitest";
import { describeCompensation, driveEnd } from "./trip-state.ts";

describe("describeCompensation()", () => {
  it("keeps a refusal as it came", () => {
    const refusal = { code: "not_found", message: "no such vehicle", step: "reserve-vehicle" };
    expect(describeCompensation({ kind: "refused", ...refusal })).toEqual({
      status: "CANCELLED",
      reason: "no such vehicle",
      refusal,
    });
  });

  it("makes a missed deadline a refusal that advises another trip", () => {
    const compensated = describeCompensation({
      kind: "failed",
      step: "open-tab",
      message: "timed out",
    });
    expect(compensated.refusal).toMatchObject({ code: "aborted", step: "open-tab" });
    expect(compensated.reason).toBe(
      "open-tab did not succeed by its deadline (timed out): start another trip, later",
    );
  });

  it("has no refusal when somebody cancelled", () => {
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

describe("driveEnd()", () => {
  const startedAt = "2030-01-01T10:00:00.000Z";

  it("is when the rider asked", () => {
    const asked = "2030-01-01T10:20:00.000Z";
    expect(driveEnd(startedAt, asked, 3_600_000)).toBe(asked);
  });

  it("is after the longest drive, at the latest", () => {
    const latest = "2030-01-01T11:00:00.000Z";
    expect(driveEnd(startedAt, undefined, 3_600_000)).toBe(latest);
    expect(driveEnd(startedAt, "2030-01-01T11:00:00.001Z", 3_600_000)).toBe(latest);
  });
});

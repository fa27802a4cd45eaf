import { defaultTimings } from "@fanfare/trip-contract";
import { describe, expect, it } from "vitest";
import { calculateDriveFare, limitDriveEnd } from "./fare.ts";

const startedAt = new Date("2026-05-01T10:00:00.000Z");

function calculateFor(driveMs: number) {
  return calculateDriveFare({ startedAt, endedAt: new Date(startedAt.getTime() + driveMs) });
}

/** Returns the length of a drive of `driveMs` after its end is limited. */
function limit(driveMs: number): number {
  const endedAt = new Date(startedAt.getTime() + driveMs);
  return limitDriveEnd({ startedAt, endedAt }).getTime() - startedAt.getTime();
}

describe("calculateDriveFare()", () => {
  it("charges each started minute", () => {
    expect(calculateFor(1)).toEqual({ minorUnits: 30, currency: "EUR" });
    expect(calculateFor(60_000)).toEqual({ minorUnits: 30, currency: "EUR" });
    expect(calculateFor(60_001)).toEqual({ minorUnits: 60, currency: "EUR" });
  });

  it("charges nothing for a drive of zero or negative length", () => {
    expect(calculateFor(0).minorUnits).toBe(0);
    expect(calculateFor(-90_000).minorUnits).toBe(0);
  });
});

describe("limitDriveEnd()", () => {
  it("limits the end to the longest drive, and to the start", () => {
    const { maximumDriveMs } = defaultTimings;
    expect(limit(maximumDriveMs - 1)).toBe(maximumDriveMs - 1);
    expect(limit(10 * maximumDriveMs)).toBe(maximumDriveMs);
    expect(limit(-1)).toBe(0);
  });
});

import { defaultTimings } from "@fanfare/trip-contract";
import { describe, expect, it } from "vitest";
import { calculateDriveFare } from "./fare.ts";

const startedAt = new Date("2026-05-01T10:00:00.000Z");

function calculateFor(driveMs: number) {
  return calculateDriveFare({ startedAt, endedAt: new Date(startedAt.getTime() + driveMs) });
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

  it("never exceeds the fare of the longest drive", () => {
    const most = calculateFor(defaultTimings.maximumDriveMs);
    expect(calculateFor(defaultTimings.maximumDriveMs + 1)).toEqual(most);
    expect(calculateFor(10 * defaultTimings.maximumDriveMs)).toEqual(most);
  });
});

import { defaultTimings } from "@fanfare/trip-contract";
import { describe, expect, it } from "vitest";
import { fareOfDrive } from "./fare.ts";

const startedAt = new Date("2026-05-01T10:00:00.000Z");

function after(driveMs: number) {
  return fareOfDrive({ startedAt, endedAt: new Date(startedAt.getTime() + driveMs) });
}

describe("fareOfDrive()", () => {
  it("charges each minute that was begun", () => {
    expect(after(1)).toEqual({ minorUnits: 30, currency: "EUR" });
    expect(after(60_000)).toEqual({ minorUnits: 30, currency: "EUR" });
    expect(after(60_001)).toEqual({ minorUnits: 60, currency: "EUR" });
  });

  it("charges nothing for a drive of no time, or of less", () => {
    expect(after(0).minorUnits).toBe(0);
    expect(after(-90_000).minorUnits).toBe(0);
  });

  it("never exceeds what the longest drive costs", () => {
    const most = after(defaultTimings.maximumDriveMs);
    expect(after(defaultTimings.maximumDriveMs + 1)).toEqual(most);
    expect(after(10 * defaultTimings.maximumDriveMs)).toEqual(most);
  });
});

import { launchTariff, type Tariff } from "@fanfare/trip-contract";
import { describe, expect, it } from "vitest";
import { calculateDriveFare, limitDriveEnd } from "./fare.ts";

const startedAt = new Date("2026-05-01T10:00:00.000Z");

function calculateFor(driveMs: number, tariff: Tariff = launchTariff) {
  return calculateDriveFare(tariff, {
    startedAt,
    endedAt: new Date(startedAt.getTime() + driveMs),
  });
}

/** Returns the length of a drive of `driveMs` after its end is limited. */
function limit(driveMs: number): number {
  const endedAt = new Date(startedAt.getTime() + driveMs);
  return limitDriveEnd(launchTariff, { startedAt, endedAt }).getTime() - startedAt.getTime();
}

describe("calculateDriveFare()", () => {
  it("charges each started minute", () => {
    expect(calculateFor(1)).toEqual({ minorUnits: 30, currency: "EUR" });
    expect(calculateFor(60_000)).toEqual({ minorUnits: 30, currency: "EUR" });
    expect(calculateFor(60_001)).toEqual({ minorUnits: 60, currency: "EUR" });
  });

  it("charges by the tariff of the trip", () => {
    const tariff: Tariff = {
      ...launchTariff,
      currency: "JPY",
      incrementPrice: 7,
      incrementMs: 1_000,
    };
    expect(calculateFor(61_001, tariff)).toEqual({ minorUnits: 434, currency: "JPY" });
  });

  it("charges nothing for a drive of zero or negative length", () => {
    expect(calculateFor(0).minorUnits).toBe(0);
    expect(calculateFor(-90_000).minorUnits).toBe(0);
  });
});

describe("limitDriveEnd()", () => {
  it("limits the end to the longest drive, and to the start", () => {
    const { maximumDriveMs } = launchTariff;
    expect(limit(maximumDriveMs - 1)).toBe(maximumDriveMs - 1);
    expect(limit(10 * maximumDriveMs)).toBe(maximumDriveMs);
    expect(limit(-1)).toBe(0);
  });
});

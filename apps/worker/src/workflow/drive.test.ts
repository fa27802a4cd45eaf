import { describe, expect, it } from "vitest";
import { calculateDriveEnd } from "./drive.ts";

describe("calculateDriveEnd()", () => {
  const startedAt = "2030-01-01T10:00:00.000Z";

  it("returns the time at which the rider asked", () => {
    const asked = "2030-01-01T10:20:00.000Z";
    expect(calculateDriveEnd(startedAt, asked, 3_600_000)).toBe(asked);
  });

  it("returns the end of the longest drive at the latest", () => {
    const latest = "2030-01-01T11:00:00.000Z";
    expect(calculateDriveEnd(startedAt, undefined, 3_600_000)).toBe(latest);
    expect(calculateDriveEnd(startedAt, "2030-01-01T11:00:00.001Z", 3_600_000)).toBe(latest);
  });
});

import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { completedTrip } from "@fanfare/test-fixtures";
import { describe, expect, it } from "vitest";
import { computeRevenue } from "./revenue.ts";

const at = (iso: string) => timestampFromDate(new Date(iso));

describe("computeRevenue()", () => {
  it("returns the captured amount, the vehicle and the driven time", () => {
    const trip = completedTrip();
    expect(computeRevenue(trip)).toEqual({
      tripId: trip.tripId,
      vehicleId: "vehicle-1",
      minorUnits: 1250n,
      currency: "EUR",
      day: "2026-11-21",
      drivenSeconds: 1380n,
    });
  });

  it("uses the day on which the trip ended, in UTC", () => {
    const trip = completedTrip({
      startedAt: at("2026-11-21T23:59:00+00:00"),
      endedAt: at("2026-11-22T00:30:00+01:00"),
    });
    expect(computeRevenue(trip).day).toBe("2026-11-21");
    trip.endedAt = at("2026-11-22T00:00:00Z");
    expect(computeRevenue(trip).day).toBe("2026-11-22");
  });

  it("rounds seconds down", () => {
    const trip = completedTrip({
      startedAt: at("2026-11-21T10:00:00.900Z"),
      endedAt: at("2026-11-21T10:00:02.100Z"),
    });
    expect(computeRevenue(trip).drivenSeconds).toBe(1n);
  });

  it("throws a permanent error for an event without its end", () => {
    const trip = completedTrip({ endedAt: undefined });
    expect(() => computeRevenue(trip)).toThrow(
      expect.objectContaining({
        name: "PermanentError",
        message: expect.stringContaining(trip.tripId),
      }),
    );
  });
});

import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { TripRefundedSchema } from "@fanfare/contracts/trips/v1/refund_events";
import { completedTrip } from "@fanfare/test-fixtures";
import { describe, expect, it } from "vitest";
import { computeRefund, computeRevenue } from "./revenue.ts";

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
      trips: 1n,
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

describe("computeRefund()", () => {
  const refund = create(TripRefundedSchema, {
    tripId: "trip-1",
    vehicleId: "vehicle-1",
    refunded: { minorUnits: 50n, currency: "EUR" },
    refundedAt: at("2026-11-22T00:30:00+01:00"),
  });

  it("returns the refunded amount as negative, for the day of the refund, and no trip", () => {
    expect(computeRefund(refund)).toEqual({
      tripId: "trip-1",
      vehicleId: "vehicle-1",
      minorUnits: -50n,
      currency: "EUR",
      day: "2026-11-21",
      trips: 0n,
      drivenSeconds: 0n,
    });
  });

  it("throws a permanent error for an event without its amount", () => {
    const { refunded: _, ...without } = refund;
    expect(() => computeRefund(create(TripRefundedSchema, without))).toThrow(
      expect.objectContaining({ name: "PermanentError" }),
    );
  });
});

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { PermanentError } from "@fanfare/bus";
import { completedTrip } from "@fanfare/test-fixtures";
import { describe, expect, it } from "vitest";
import { newRefund } from "../test/new-refund.ts";
import { readRefund, readTrip } from "./read-events.ts";

const euros = (minorUnits: bigint) => ({ minorUnits, currency: "EUR" });
const price = euros(50n);

describe("readTrip()", () => {
  it("returns the amounts, and the increments that the fare consists of", () => {
    const chargedIncrements = { count: 23n, increment: durationFromMs(60_000), price };
    expect(readTrip(completedTrip({ chargedIncrements }))).toMatchObject({
      startedAt: new Date("2026-11-21T10:00:00Z"),
      endedAt: new Date("2026-11-21T10:23:00Z"),
      settled: { minorUnits: 1250n, currency: "EUR" },
      charge: { count: 23n, incrementMs: 60_000, price },
    });
  });

  it("returns no increments of an event that an older worker published", () => {
    expect(readTrip(completedTrip())).not.toHaveProperty("charge");
  });

  it.each([
    ["an amount", { settled: undefined }, "all amounts in TripCompleted of trip"],
    ["a time", { endedAt: undefined }, "expected started_at, ended_at"],
    ["one currency", { fare: { minorUnits: 1n, currency: "USD" } }, "got EUR, USD"],
  ])("throws a permanent error for an event without %s", (_, fields, message) => {
    const trip = completedTrip(fields);
    expect(() => readTrip(trip)).toThrow(PermanentError);
    expect(() => readTrip(trip)).toThrow(message);
    expect(() => readTrip(trip)).toThrow(trip.tripId);
  });
});

describe("readRefund()", () => {
  it("returns what was refunded, and what the refunds before it returned", () => {
    const refund = newRefund({ refunded: euros(300n), totalRefunded: euros(500n) });
    expect(readRefund(refund)).toMatchObject({
      refundedAt: new Date("2026-11-25T10:00:00Z"),
      refunded: { minorUnits: 300n, currency: "EUR" },
      totalBefore: 200n,
      settled: { minorUnits: 1250n, currency: "EUR" },
    });
  });

  it.each([
    ["an amount", { refunded: undefined }, "all amounts in TripRefunded one of trip"],
    ["a time", { refundedAt: undefined }, "expected refunded_at"],
    ["an amount above 0", { refunded: { minorUnits: 0n, currency: "EUR" } }, "a refund above 0"],
    ["one currency", { totalRefunded: { minorUnits: 1n, currency: "USD" } }, "got EUR, USD"],
  ])("throws a permanent error for an event without %s", (_, fields, message) => {
    const refund = newRefund(fields);
    expect(() => readRefund(refund)).toThrow(PermanentError);
    expect(() => readRefund(refund)).toThrow(message);
    expect(() => readRefund(refund)).toThrow(refund.tripId);
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ReceiptRefund, ReceiptTrip } from "./receipt-items.ts";
import { writeReceipt } from "./write-receipt.ts";

/** Currencies whose minor units have 2, 0, 3, 2 and 4 digits. */
const currencies = fc.constantFrom("EUR", "JPY", "KWD", "HUF", "CLF");
const locales = fc.constantFrom("en", "en-GB", "en-IN", "de", "de-AT", "de-CH", "fr-FR");
const timeZones = fc.constantFrom(...Intl.supportedValuesOf("timeZone"), "UTC");
const minorUnits = (max: bigint) => fc.bigInt({ min: 0n, max });
const instant = fc.date({
  min: new Date("2025-01-01T00:00:00Z"),
  max: new Date("2028-01-01T00:00:00Z"),
  noInvalidDate: true,
});

/** A trip that was settled as it was charged, with less by hand, or with nothing. */
const trips: fc.Arbitrary<ReceiptTrip> = fc
  .record({
    currency: currencies,
    startedAt: instant,
    driveMs: fc.integer({ min: 0, max: 86_400_000 }),
    unlockFee: minorUnits(100_000n),
    price: minorUnits(10_000_000n),
    incrementMs: fc.oneof(
      fc.constantFrom(1_000, 60_000, 3_600_000),
      fc.integer({ min: 1, max: 7_200_000 }),
    ),
    knowsIncrements: fc.boolean(),
    settles: fc.constantFrom("all", "part", "nothing"),
  })
  .map(({ currency, startedAt, driveMs, unlockFee, price, incrementMs, ...outcome }) => {
    const toAmount = (units: bigint) => ({ minorUnits: units, currency });
    const count = BigInt(Math.ceil(driveMs / incrementMs));
    const fare = count * price;
    const settled = { all: unlockFee + fare, part: unlockFee + fare / 2n, nothing: 0n };
    const charge = { count, incrementMs, price: toAmount(price) };
    return {
      vehicleId: "vehicle-1",
      startedAt,
      endedAt: new Date(startedAt.getTime() + driveMs),
      unlockFee: toAmount(unlockFee),
      fare: toAmount(fare),
      settled: toAmount(settled[outcome.settles]),
      ...(outcome.knowsIncrements ? { charge } : {}),
    };
  });

/** Up to three refunds of the trip, in part, or of all that is left. */
const refundedTrips = fc
  .record({ trip: trips, parts: fc.array(fc.bigInt({ min: 1n, max: 4n }), { maxLength: 3 }) })
  .map(({ trip, parts }) => {
    let left = trip.settled.minorUnits;
    const refunds = parts.flatMap((part): ReceiptRefund[] => {
      const refunded = { ...trip.settled, minorUnits: left / part };
      left -= refunded.minorUnits;
      return refunded.minorUnits === 0n ? [] : [{ refundedAt: trip.endedAt, refunded }];
    });
    return { trip, refunds, left };
  });

const readDigits = (text: string) => BigInt(text.replaceAll(/\D/g, ""));

/** Reads the amounts of a receipt as a rider does: all digits down to the minor unit. */
function readAmounts(text: string): readonly [amounts: readonly bigint[], total: bigint] {
  const lines = text.trimEnd().split("\n\n").at(-1)?.split("\n") ?? [];
  const amounts = lines.map((line) => {
    const value = line.split("  ").at(-1) ?? "";
    const size = readDigits(value);
    return value.includes("-") ? -size : size;
  });
  return [amounts.slice(0, -1), amounts.at(-1) ?? -1n];
}

// On a busy machine, the runs take longer than the default of 5 s.
describe("a receipt", { timeout: 60_000 }, () => {
  it("has lines that sum to what the rider paid, in every outcome, currency and language", () => {
    fc.assert(
      fc.property(
        refundedTrips,
        locales,
        timeZones,
        ({ trip, refunds, left }, locale, timeZone) => {
          for (const charged of [trip, trip.settled]) {
            const content = { tripId: "trip", charged, refunds };
            const { text, subject } = writeReceipt(content, { locale, timeZone });
            const [amounts, total] = readAmounts(text);
            expect(amounts.reduce((sum, amount) => sum + amount, 0n)).toBe(total);
            expect(total).toBe(left);
            expect(subject.endsWith(text.trimEnd().split("  ").at(-1)?.trim() ?? "none")).toBe(
              true,
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("has a line for the drive whose count times its price is the fare", () => {
    fc.assert(
      fc.property(trips, locales, (trip, locale) => {
        fc.pre(trip.charge !== undefined);
        const content = { tripId: "trip", charged: trip, refunds: [] };
        const { text } = writeReceipt(content, { locale, timeZone: "UTC" });
        const line = text.split("\n").find((one) => /started|angefangene/.test(one)) ?? "";
        const [, count = "", price = ""] =
          /^\S+ ([\d.,'’\s]+) .* (?:at|zu(?: je)?) (.+?)(?: each)? {2}/.exec(line) ?? [];
        expect(readDigits(count) * readDigits(price)).toBe(trip.fare.minorUnits);
      }),
      { numRuns: 200 },
    );
  });
});

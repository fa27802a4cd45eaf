import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { completedTrip } from "@fanfare/test-fixtures";
import { describe, expect, it } from "vitest";
import { writeReceipt } from "./receipt.ts";

const at = (iso: string) => timestampFromDate(new Date(iso));

describe("writeReceipt()", () => {
  it("states the trip and its costs", () => {
    const tripId = "7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11";
    expect(writeReceipt(completedTrip({ tripId }))).toEqual({
      tripId,
      riderId: "rider-1",
      subject: "Your receipt: €12.50",
      text: `Thank you for driving with Fanfare.

Vehicle    vehicle-1
From       21 November 2026 at 10:00 UTC
To         21 November 2026 at 10:23 UTC
Duration   23 min
Unlocking  €1.00
Driving    €11.50
Total      €12.50
Trip       ${tripId}
`,
    });
  });

  it.each([
    ["the capture", 0n, "-€12.50", "€0.00"],
    ["the fare", 100n, "-€11.50", "€1.00"],
    ["a part of the fare", 600n, "-€6.50", "€6.00"],
  ])(
    "has lines that sum to the total when an operator settled %s by hand",
    (_, minorUnits, adjustment, total) => {
      const settled = { minorUnits, currency: "EUR" };
      const { text, subject } = writeReceipt(completedTrip({ settled }));
      expect(text).toContain(`Unlocking  €1.00
Driving    €11.50
Adjustment ${adjustment}
Total      ${total}
`);
      expect(subject).toBe(`Your receipt: ${total}`);
    },
  );

  it.each([
    ["2026-11-21T10:00:42Z", "42 s"],
    ["2026-11-21T10:01:59Z", "1 min"],
    ["2026-11-21T12:05:00Z", "2 h 5 min"],
    ["2026-11-22T11:00:00Z", "25 h 0 min"],
  ])("gives a drive until %s the duration %s", (endedAt, duration) => {
    const { text } = writeReceipt(completedTrip({ endedAt: at(endedAt) }));
    expect(text).toContain(`Duration   ${duration}\n`);
  });

  it("throws a permanent error for an event without its amounts", () => {
    const trip = completedTrip({ settled: undefined });
    expect(() => writeReceipt(trip)).toThrow(
      expect.objectContaining({
        name: "PermanentError",
        message: expect.stringContaining(trip.tripId),
      }),
    );
  });
});

it("shows no character that changes how others are shown", () => {
  const { text } = writeReceipt(completedTrip({ vehicleId: "car\u001b[2J\u202e" }));
  expect(text).toContain(String.raw`Vehicle    car\u001b[2J\u202e`);
});

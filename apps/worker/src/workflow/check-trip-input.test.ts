import { describe, expect, it } from "vitest";
import { checkTripInput } from "./check-trip-input.ts";

const input = {
  tripId: "2f8780ca-332e-4b70-855f-fc4fe612040a",
  riderId: "rider-1",
  vehicleId: "vehicle-1",
  paymentMethod: "pm_card_visa",
  requestedAt: "2030-01-01T00:00:00.000Z",
};

describe("checkTripInput()", () => {
  it("accepts a trip, with and without timings", () => {
    expect(() => checkTripInput(input)).not.toThrow();
    expect(() => checkTripInput({ ...input, timings: { delayedAfterMs: 1 } })).not.toThrow();
  });

  it.each([
    [undefined, "it is not an object"],
    [{ ...input, riderId: undefined }, "riderId is missing"],
    [{ ...input, vehicleId: "" }, "vehicleId is missing"],
    [{ ...input, timings: 5 }, "timings is not an object"],
    [{ ...input, timings: { delayedAfterMs: "soon" } }, "timings.delayedAfterMs is not above 0"],
    [{ ...input, timings: { maximumDriveMs: 0 } }, "timings.maximumDriveMs is not above 0"],
  ])("throws on anything else: %o", (wrong, reason) => {
    expect(() => checkTripInput(wrong)).toThrow(`invalid trip input: ${reason}`);
  });
});

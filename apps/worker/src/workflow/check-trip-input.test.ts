import { launchTariff } from "@fanfare/trip-contract";
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
    expect(() => checkTripInput({ ...input, tariff: launchTariff })).not.toThrow();
  });

  it.each([
    [undefined, "it is not an object"],
    [{ ...input, riderId: undefined }, "riderId is missing"],
    [{ ...input, vehicleId: "" }, "vehicleId is missing"],
    [{ ...input, timings: 5 }, "timings is not an object"],
    [{ ...input, timings: { delayedAfterMs: "soon" } }, "timings.delayedAfterMs is not above 0"],
    [{ ...input, timings: { stepTimeoutMs: 0 } }, "timings.stepTimeoutMs is not above 0"],
    [{ ...input, tariff: "launch" }, "tariff is not an object"],
    [{ ...input, tariff: { ...launchTariff, currency: undefined } }, "tariff.currency is missing"],
    [
      { ...input, tariff: { ...launchTariff, unlockFee: 0.5 } },
      "tariff.unlockFee is not a safe integer from 0 on",
    ],
    [
      { ...input, tariff: { ...launchTariff, incrementMs: 0 } },
      "tariff.incrementMs is not above 0",
    ],
  ])("throws on anything else: %o", (wrong, reason) => {
    expect(() => checkTripInput(wrong)).toThrow(`invalid trip input: ${reason}`);
  });
});

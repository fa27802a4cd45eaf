import { randomUUID } from "node:crypto";
import type { TripInput } from "@fanfare/trip-contract";

/** Creates the input of the workflow of a new trip. The fake workflow behaves as its vehicle says. */
export function createInput(vehicleId = "vehicle-1"): TripInput {
  return {
    tripId: randomUUID(),
    riderId: "rosa",
    vehicleId,
    paymentMethod: "pm_card_visa",
    requestedAt: "2026-05-01T10:00:00.000Z",
  };
}

import { randomUUID } from "node:crypto";
import type { TripRegistry } from "../src/registry/trip-registry.ts";

/** Requests a trip of a rider of its own, and returns its id. */
export async function requestTrip(registry: TripRegistry): Promise<string> {
  const tripId = randomUUID();
  await registry.request({
    tripId,
    riderId: randomUUID(),
    vehicleId: "vehicle-1",
    paymentMethod: "pm_card_visa",
    tariffId: "",
    requestHash: "hash",
    reconcileAfterMs: 60_000,
  });
  return tripId;
}

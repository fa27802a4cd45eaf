import type { TripInput } from "@fanfare/trip-contract";
import { getTariff } from "./fare.ts";
import type { TripRow } from "./tables.ts";

/** Creates the input of a trip's workflow from its row in the registry. */
export function createTripInput(trip: TripRow): TripInput {
  return {
    tripId: trip.trip_id,
    riderId: trip.rider_id,
    vehicleId: trip.vehicle_id,
    paymentMethod: trip.payment_method,
    requestedAt: trip.requested_at.toISOString(),
    tariff: getTariff(trip),
  };
}

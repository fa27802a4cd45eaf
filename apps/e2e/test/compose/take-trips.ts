import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { waitUntil } from "@fanfare/dev-stack";
import type { Clients } from "../clients.ts";
import { type Effects, oneEffect, readEffects } from "../effects.ts";
import {
  newTrip,
  type Rider,
  retryCall,
  startTrip,
  waitForEffects,
  waitForStatus,
} from "../trips.ts";

/** beginTrips starts trips, each with a vehicle of its own, and waits until all are being driven. */
export async function beginTrips(clients: Clients, count: number): Promise<readonly Rider[]> {
  const trips = Array.from({ length: count }, (_, i) => newTrip({ vehicleId: `vehicle-${i + 1}` }));
  await Promise.all(
    trips.map(async (trip) => {
      await retryCall(`trip ${trip.tripId} to start`, () => startTrip(clients, trip));
      await waitForStatus(clients, trip, TripStatus.ACTIVE);
    }),
  );
  return trips;
}

/**
 * endTrips ends trips, as often as it takes, waits until each group has its effect of each and the
 * vehicles are free, and gives what effects they have then.
 */
export async function endTrips(
  clients: Clients,
  trips: readonly Rider[],
): Promise<readonly Effects[]> {
  return await Promise.all(
    trips.map(async (trip) => {
      await retryCall(`trip ${trip.tripId} to end`, () => clients.trips(trip.name).endTrip(trip));
      await waitForStatus(clients, trip, TripStatus.SETTLED);
      await waitForEffects(clients, trip.tripId, oneEffect);
      // A trip may be settled while the fleet is away, and the vehicle free only when it is back.
      await waitUntil(
        async () => (await clients.fleet.getVehicle(trip)).vehicle?.tripId !== trip.tripId,
        { what: `${trip.vehicleId} to be free again`, intervalMs: 100, timeoutMs: 120_000 },
      );
      return await readEffects(clients, trip.tripId);
    }),
  );
}

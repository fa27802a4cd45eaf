import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { waitUntil } from "@fanfare/dev-stack";
import type { Clients } from "../clients.ts";
import { type Effects, oneEffect, readEffects } from "../effects.ts";
import {
  createTrip,
  type Rider,
  retryCall,
  startTrip,
  waitForEffects,
  waitForStatus,
} from "../trips.ts";

/** Starts trips, each with its own vehicle, and waits until all are ACTIVE. */
export async function beginTrips(clients: Clients, count: number): Promise<readonly Rider[]> {
  const trips = Array.from({ length: count }, (_, i) =>
    createTrip({ vehicleId: `vehicle-${i + 1}` }),
  );
  await Promise.all(
    trips.map(async (trip) => {
      await retryCall(`trip ${trip.tripId} to start`, () => startTrip(clients, trip));
      await waitForStatus(clients, trip, TripStatus.ACTIVE);
    }),
  );
  return trips;
}

/**
 * Ends trips, waits until each has an effect in each group and the vehicles are available, and returns the
 * effects.
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
      // A trip may settle while fleet is down. The vehicle is released once fleet is up.
      await waitUntil(
        async () => (await clients.fleet.getVehicle(trip)).vehicle?.tripId !== trip.tripId,
        { what: `${trip.vehicleId} to be available`, intervalMs: 100, timeoutMs: 120_000 },
      );
      return await readEffects(clients, trip.tripId);
    }),
  );
}

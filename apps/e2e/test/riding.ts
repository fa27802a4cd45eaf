import { Code, ConnectError } from "@connectrpc/connect";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import type { Clients } from "./clients.ts";
import { createTrip, type Rider, startTrip } from "./trips.ts";

/** A trip, and when its calls were acknowledged, in milliseconds since 1970. */
export interface Ride extends Rider {
  startedAt?: number;
  /** How it was stopped. */
  readonly stop: "end" | "cancel";
  stoppedAt?: number;
}

/** Riders that take one trip after another until they are stopped. */
export interface Riding {
  /** All trips so far. */
  readonly rides: readonly Ride[];
  /** Ends the trips; calls that fail afterwards are expected. Resolves when no call is left. */
  stop(): Promise<void>;
}

/** Lets a rider for each vehicle take trips, of which it cancels every third during the drive. */
export function startRiding(clients: Clients, vehicleIds: readonly string[]): Riding {
  const rides: Ride[] = [];
  const over = new AbortController();

  async function ride(name: string, vehicleId: string): Promise<void> {
    const trips = clients.trips(name);
    while (!over.signal.aborted) {
      const stop = rides.length % 3 === 0 ? "cancel" : "end";
      const one: Ride = { ...createTrip({ name, vehicleId }), stop };
      rides.push(one);
      try {
        let trip = await startTrip(clients, one);
        one.startedAt = Date.now();
        while (trip?.status !== TripStatus.ACTIVE && !over.signal.aborted) {
          ({ trip } = await trips.getTrip({ tripId: one.tripId }));
        }
        if (stop === "end") await trips.endTrip({ tripId: one.tripId });
        else await trips.cancelTrip({ tripId: one.tripId, reason: "rain" });
        one.stoppedAt = Date.now();
      } catch (error) {
        // The vehicle of a trip that was stopped is released some moments later.
        const isInUse = error instanceof ConnectError && error.code === Code.FailedPrecondition;
        if (!over.signal.aborted && !isInUse) throw error;
      }
    }
  }

  const riding = Promise.all(vehicleIds.map((id, index) => ride(`rider-${index}`, id)));
  // Awaited by `stop`, which may come long after a failure.
  riding.catch(() => {});
  return {
    rides,
    async stop() {
      over.abort();
      await riding;
    },
  };
}

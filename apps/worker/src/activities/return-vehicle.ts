import { createClient, type Transport } from "@connectrpc/connect";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { TripRegistryService } from "@fanfare/contracts/trips/v1/trip_registry";
import type { ReturnActivities } from "../trip-activities.ts";
import { callRegistry } from "./call-registry.ts";
import { callService } from "./call-service.ts";

/** The services that `createReturnActivities` calls. */
export interface ReturnActivitiesDeps {
  readonly fleet: Transport;
  readonly trips: Transport;
}

/** Creates the activity that ends the use of a vehicle. */
export function createReturnActivities(deps: ReturnActivitiesDeps): ReturnActivities {
  const fleet = createClient(FleetService, deps.fleet);
  const registry = createClient(TripRegistryService, deps.trips);
  return {
    async returnVehicle({ step, tripId, vehicleId }) {
      await callService(step, (options) => fleet.releaseVehicle({ tripId, vehicleId }, options));
      await callRegistry(step, (options) => registry.recordVehicleReleased({ tripId }, options));
    },
  };
}

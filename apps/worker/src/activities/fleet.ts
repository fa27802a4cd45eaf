import { createClient, type Transport } from "@connectrpc/connect";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import type { FleetActivities } from "../trip-activities.ts";
import { callService } from "./call-service.ts";

/** Creates the activities that call fleet. */
export function createFleetActivities({ transport }: { transport: Transport }): FleetActivities {
  const fleet = createClient(FleetService, transport);
  return {
    async reserveVehicle({ step, tripId, vehicleId }) {
      await callService(step, (options) => fleet.reserveVehicle({ tripId, vehicleId }, options));
    },
    async releaseVehicle({ step, tripId, vehicleId }) {
      await callService(step, (options) => fleet.releaseVehicle({ tripId, vehicleId }, options));
    },
  };
}

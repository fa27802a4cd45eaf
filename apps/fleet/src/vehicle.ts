import { create } from "@bufbuild/protobuf";
import { type Vehicle, VehicleSchema, VehicleState } from "@fanfare/contracts/fleet/v1/fleet";
import type { VehicleRow } from "./store.ts";

/**
 * toVehicle is the vehicle as its readers see it. Without `showHolder` it says that the vehicle is
 * in use, and not by which trip.
 */
export function toVehicle(row: VehicleRow, options: { readonly showHolder: boolean }): Vehicle {
  return create(VehicleSchema, {
    vehicleId: row.vehicle_id,
    model: row.model,
    position: { latitude: row.latitude, longitude: row.longitude },
    state: stateOf(row),
    tripId: options.showHolder ? (row.trip_id ?? "") : "",
  });
}

// Held comes first: a vehicle taken out of service during a drive is in use until its release.
function stateOf(row: VehicleRow): VehicleState {
  if (row.trip_id !== null) {
    return VehicleState.IN_USE;
  }
  return row.in_service ? VehicleState.AVAILABLE : VehicleState.OUT_OF_SERVICE;
}

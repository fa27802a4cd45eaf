import { create } from "@bufbuild/protobuf";
import { type Vehicle, VehicleSchema, VehicleState } from "@fanfare/contracts/fleet/v1/fleet";
import type { VehicleRow } from "./tables.ts";

/**
 * Converts a row to the message that the API returns. Without `showHolder` the message has the state of
 * the vehicle and not the trip that holds it.
 */
export function toVehicle(row: VehicleRow, options: { readonly showHolder: boolean }): Vehicle {
  return create(VehicleSchema, {
    vehicleId: row.vehicle_id,
    model: row.model,
    position: { latitude: row.latitude, longitude: row.longitude },
    state: toVehicleState(row),
    tripId: options.showHolder ? (row.trip_id ?? "") : "",
  });
}

// A vehicle that is taken out of service during a drive is in use until its release.
function toVehicleState(row: VehicleRow): VehicleState {
  if (row.trip_id !== null) return VehicleState.IN_USE;
  return row.in_service ? VehicleState.AVAILABLE : VehicleState.OUT_OF_SERVICE;
}

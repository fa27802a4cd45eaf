import { FleetEvents } from "@fanfare/contracts/fleet/v1/fleet_events";
import { outbox } from "@fanfare/outbox";
import type { Transaction } from "kysely";
import type { FleetTables, VehicleRow } from "./store.ts";
import { toVehicle } from "./vehicle.ts";

/** announceChange has the world told of the change if the transaction commits. */
export async function announceChange(
  tx: Transaction<FleetTables>,
  before: VehicleRow,
  after: VehicleRow,
): Promise<void> {
  await outbox(tx, FleetEvents).vehicleChanged({
    vehicleId: after.vehicle_id,
    before: toVehicle(before, { showHolder: true }),
    after: toVehicle(after, { showHolder: true }),
  });
}

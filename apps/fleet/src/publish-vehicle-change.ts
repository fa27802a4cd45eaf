import { FleetEvents } from "@fanfare/contracts/fleet/v1/fleet_events";
import { outbox } from "@fanfare/outbox";
import type { Transaction } from "kysely";
import type { FleetTables, VehicleRow } from "./tables.ts";
import { toVehicle } from "./vehicle-message.ts";

/** Writes VehicleChanged to the outbox. It is published if, and only if, the transaction commits. */
export async function publishVehicleChange(
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

import type { Transport } from "@connectrpc/connect";
import type { Caller, Routes } from "@fanfare/service";
import { createTestTransport as createTransport } from "@fanfare/service/testing";
import { allowedRoles, allowedSubjects } from "./allowed-roles.ts";

/**
 * Creates a transport that calls routes in memory as this caller. Authorisation, validation and
 * errors are those of `serve`.
 *
 * @example
 * import { createClient } from "@connectrpc/connect";
 *
 * const transport = createTestTransport(routes, { role: "rider", subject: "rider-1" });
 * await createClient(FleetService, transport).getVehicle({ vehicleId: "car-1" });
 */
export function createTestTransport(routes: Routes, caller: Caller): Transport {
  return createTransport(routes, { caller, allowedRoles, allowedSubjects });
}

import { Code, ConnectError } from "@connectrpc/connect";
import type { HoldResult } from "./store.ts";

/** Creates the error for a trip that cannot hold the vehicle. The message never names the holder. */
export function createHoldError(
  result: Exclude<HoldResult, { readonly outcome: "held" }>,
  vehicleId: string,
): ConnectError {
  if (result.outcome === "unknown-vehicle") return createVehicleNotFoundError(vehicleId);
  const reason = {
    "out-of-service": `${vehicleId} is out of service: choose an available vehicle from ListVehicles`,
    "in-use": `${vehicleId} is in use by another trip: choose an available vehicle from ListVehicles, or try again later`,
    "trip-holds-another": `this trip holds another vehicle: release that before reserving ${vehicleId}`,
  }[result.outcome];
  return new ConnectError(reason, Code.FailedPrecondition);
}

/** Creates the not_found error for a vehicle id that does not exist. */
export function createVehicleNotFoundError(vehicleId: string): ConnectError {
  return new ConnectError(
    `there is no vehicle ${vehicleId}: choose one from ListVehicles`,
    Code.NotFound,
  );
}

import { Code, ConnectError } from "@connectrpc/connect";
import type { HoldResult } from "./store.ts";

/** refusalOf is what a trip is told that cannot have the vehicle: never who has it. */
export function refusalOf(
  result: Exclude<HoldResult, { readonly outcome: "held" }>,
  vehicleId: string,
): ConnectError {
  if (result.outcome === "unknown-vehicle") return unknownVehicle(vehicleId);
  const reason = {
    "out-of-service": `${vehicleId} is out of service: choose an available vehicle from ListVehicles`,
    "in-use": `${vehicleId} is in use by another trip: choose an available vehicle from ListVehicles, or try again later`,
    "trip-holds-another": `This trip holds another vehicle: release that before reserving ${vehicleId}`,
  }[result.outcome];
  return new ConnectError(reason, Code.FailedPrecondition);
}

/** unknownVehicle is the answer to an id that no vehicle has. */
export function unknownVehicle(vehicleId: string): ConnectError {
  return new ConnectError(
    `There is no vehicle ${vehicleId}: choose one from ListVehicles`,
    Code.NotFound,
  );
}

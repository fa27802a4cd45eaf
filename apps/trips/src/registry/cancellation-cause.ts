import { CancellationCause } from "@fanfare/contracts/trips/v1/trips";
import { steps } from "@fanfare/trip-contract";
import type { TripRow } from "./tables.ts";
import { isCompensating } from "./trip-phase.ts";

/** The refusals that a rider can do something about, as the step and its Connect code. */
const refusals: Readonly<Record<string, CancellationCause>> = {
  [`${steps.reserveVehicle}/failed_precondition`]: CancellationCause.VEHICLE_UNAVAILABLE,
  [`${steps.reserveVehicle}/not_found`]: CancellationCause.VEHICLE_UNKNOWN,
  [`${steps.openTab}/failed_precondition`]: CancellationCause.PAYMENT_DECLINED,
  [`${steps.openTab}/invalid_argument`]: CancellationCause.PAYMENT_METHOD_INVALID,
  [`${steps.openTab}/not_found`]: CancellationCause.PAYMENT_METHOD_INVALID,
  [`${steps.chargeUnlockFee}/failed_precondition`]: CancellationCause.PAYMENT_DECLINED,
};

/** Returns why a trip is or was compensated; unspecified for every other trip. */
export function findCancellationCause(row: TripRow): CancellationCause {
  if (!isCompensating(row)) return CancellationCause.UNSPECIFIED;
  if (row.refusal_code !== null) {
    return refusals[`${row.refusal_step}/${row.refusal_code}`] ?? CancellationCause.FAULT;
  }
  return CancellationCause[row.cancelled_by ?? "FAULT"];
}

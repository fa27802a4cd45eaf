import { Code, ConnectError } from "@connectrpc/connect";
import type { TripRow } from "./tables.ts";

/**
 * Creates the not_found error for a trip that does not exist. Riders get the same error for the trips
 * of other riders.
 */
export function createTripNotFoundError(tripId: string): ConnectError {
  return new ConnectError(
    `there is no trip ${tripId}: check the id, or list your trips`,
    Code.NotFound,
  );
}

/** Creates the failed_precondition error for a rider who has an active trip. */
export function createRiderBusyError(active: TripRow | undefined): ConnectError {
  const which = active ? `trip ${active.trip_id}, which is ${active.status}` : "another trip";
  return new ConnectError(
    `the rider has ${which}: end or cancel it before you start another one`,
    Code.FailedPrecondition,
  );
}

/** Creates the failed_precondition error for a tariff that is not in force. */
export function createTariffGoneError(tariffId: string, inForce: string): ConnectError {
  return new ConnectError(
    `the tariff ${tariffId} is not in force: show ${inForce} to the rider, and start the trip under it`,
    Code.FailedPrecondition,
  );
}

/** Creates the already_exists error for a trip id that another request used. */
export function createTripIdTakenError(tripId: string): ConnectError {
  return new ConnectError(
    `the trip id ${tripId} is taken by another request: choose a new UUID for a new trip, and repeat a call with the same contents`,
    Code.AlreadyExists,
  );
}

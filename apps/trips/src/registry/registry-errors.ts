import { Code, ConnectError } from "@connectrpc/connect";

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

/** Creates the already_exists error for a trip id that another request used. */
export function createTripIdTakenError(tripId: string): ConnectError {
  return new ConnectError(
    `the trip id ${tripId} is taken by another request: choose a new UUID for a new trip, and repeat a call with the same contents`,
    Code.AlreadyExists,
  );
}

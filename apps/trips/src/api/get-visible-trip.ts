import type { Caller } from "@fanfare/service";
import { createTripNotFoundError } from "../registry/registry-errors.ts";
import type { TripRow } from "../registry/tables.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";

/**
 * Returns a trip that the caller may see: any for an operator, their own for a rider. Throws not_found
 * otherwise, whether or not the trip exists.
 */
export async function getVisibleTrip(
  registry: TripRegistry,
  caller: Caller,
  tripId: string,
): Promise<TripRow> {
  const trip = await registry.find(tripId);
  if (trip === undefined || !maySee(caller, trip)) throw createTripNotFoundError(tripId);
  return trip;
}

function maySee(caller: Caller, trip: TripRow): boolean {
  return (
    caller.role === "operator" || (caller.role === "rider" && caller.subject === trip.rider_id)
  );
}

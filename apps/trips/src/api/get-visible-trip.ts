import type { Caller } from "@fanfare/service";
import { noSuchTrip, type Registry } from "../registry/store.ts";
import type { TripRow } from "../registry/tables.ts";

/** visibleTrip is the trip if the caller may see it; otherwise it throws not_found, whether or not it exists. */
export async function visibleTrip(
  registry: Registry,
  caller: Caller,
  tripId: string,
): Promise<TripRow> {
  const trip = await registry.find(tripId);
  if (trip === undefined || !maySee(caller, trip)) throw noSuchTrip(tripId);
  return trip;
}

function maySee(caller: Caller, trip: TripRow): boolean {
  return (
    caller.role === "operator" || (caller.role === "rider" && caller.subject === trip.rider_id)
  );
}

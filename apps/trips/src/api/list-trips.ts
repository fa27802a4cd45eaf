import type { OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import type { ListTripsRequest } from "@fanfare/contracts/trips/v1/trips";
import { type Caller, paginate } from "@fanfare/service";
import { z } from "zod";
import { toOperatorTrip, toStatusName } from "../registry/trip-message.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";

const position = z.object({
  requestedAt: z.iso.datetime().transform((iso) => new Date(iso)),
  tripId: z.uuid(),
});

/**
 * Returns a page of trips, the newest first: all trips for an operator, their own for a rider. Trips
 * that start between two pages do not shift the second one. Throws invalid_argument for a page token
 * that ListTrips did not issue.
 */
export async function listTrips(
  request: Pick<ListTripsRequest, "pageSize" | "pageToken" | "status">,
  caller: Caller,
  { registry }: { readonly registry: TripRegistry },
): Promise<{ trips: OperatorTrip[]; nextPageToken: string }> {
  const riderId = caller.role === "operator" ? undefined : caller.subject;
  const status = toStatusName(request.status);
  const { items, nextPageToken } = await paginate(request, {
    position,
    fetch: (range) => registry.list({ riderId, status, ...range }),
    toPosition: (row) => ({ requestedAt: row.requested_at, tripId: row.trip_id }),
  });
  return { trips: items.map(toOperatorTrip), nextPageToken };
}

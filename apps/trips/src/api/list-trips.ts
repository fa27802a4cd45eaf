import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ListTripsRequest, ListTripsResponseSchema } from "@fanfare/contracts/trips/v1/trips";
import { type Caller, paginate } from "@fanfare/service";
import { z } from "zod";
import type { Registry } from "../registry/store.ts";
import { statusName, tripOf } from "../registry/trip-message.ts";

const position = z.object({
  requestedAt: z.iso.datetime().transform((iso) => new Date(iso)),
  tripId: z.uuid(),
});

/**
 * listTrips lists the newest first, a rider's own or all for an operator. A page begins where the
 * one before ended, whatever was started in between. It throws invalid_argument for a page token
 * that is none.
 */
export async function listTrips(
  request: ListTripsRequest,
  caller: Caller,
  { registry }: { readonly registry: Registry },
): Promise<MessageInitShape<typeof ListTripsResponseSchema>> {
  const riderId = caller.role === "operator" ? undefined : caller.subject;
  const status = statusName(request.status);
  const { items, nextPageToken } = await paginate(request, {
    position,
    fetch: (range) => registry.list({ riderId, status, ...range }),
    toPosition: (row) => ({ requestedAt: row.requested_at, tripId: row.trip_id }),
  });
  return { trips: items.map(tripOf), nextPageToken };
}

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ListTripsRequest, ListTripsResponseSchema } from "@fanfare/contracts/trips/v1/trips";
import { type Caller, decodePageToken, encodePageToken } from "@fanfare/service";
import { z } from "zod";
import type { Registry } from "./store.ts";
import { statusName, tripOf } from "./trip.ts";

const defaultPageSize = 20;

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
  { pageSize, pageToken, status }: ListTripsRequest,
  caller: Caller,
  { registry }: { readonly registry: Registry },
): Promise<MessageInitShape<typeof ListTripsResponseSchema>> {
  const size = pageSize === 0 ? defaultPageSize : pageSize;
  const found = await registry.list({
    riderId: caller.role === "operator" ? undefined : caller.subject,
    status: statusName(status),
    after: decodePageToken(pageToken, position),
    limit: size + 1,
  });
  const page = found.slice(0, size);
  const last = found.length > size ? page.at(-1) : undefined;
  return {
    trips: page.map(tripOf),
    nextPageToken:
      last === undefined
        ? ""
        : encodePageToken({ requestedAt: last.requested_at, tripId: last.trip_id }),
  };
}

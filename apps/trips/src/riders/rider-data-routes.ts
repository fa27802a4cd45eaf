import { toJsonString } from "@bufbuild/protobuf";
import { RiderDataService } from "@fanfare/contracts/riders/v1/rider_data";
import { TripRidersService } from "@fanfare/contracts/trips/v1/trip_riders";
import { TripSchema, TripStatus } from "@fanfare/contracts/trips/v1/trips";
import type { Routes } from "@fanfare/service";
import { listTrips } from "../api/list-trips.ts";
import { toRiderTrip } from "../api/rider-trip.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import { closeRider } from "./close-rider.ts";
import { type EraseTripsDeps, eraseTrips } from "./erase-trips.ts";
import { listCancellations } from "./list-cancellations.ts";

/** The dependencies of the routes for riders. */
export interface RiderDataDeps extends EraseTripsDeps {
  readonly registry: TripRegistry;
}

const kept = [
  "trips, with their times, vehicle, tariff and amounts, for bookkeeping: each has a random id in place of the rider",
  "the entries of the operator log, with the reasons that operators gave: the log is append-only",
  "the id of the rider, so that they start no trip",
];

/** Creates the routes with which riders closes, erases and exports a rider. */
export function createRiderDataRoutes(deps: RiderDataDeps): Routes {
  return (router) => {
    router.service(TripRidersService, {
      async closeRider(request) {
        await closeRider(deps.db, request);
        return {};
      },
    });
    router.service(RiderDataService, {
      async eraseRiderData({ riderId }) {
        return { done: await eraseTrips(deps, riderId), kept };
      },

      async exportRiderData({ riderId, pageToken }) {
        const request = { pageSize: 100, pageToken, status: TripStatus.UNSPECIFIED };
        const caller = { role: "rider", subject: riderId };
        const { trips, nextPageToken } = await listTrips(request, caller, deps);
        const records = trips.map((trip) => ({
          kind: "trip",
          json: toJsonString(TripSchema, toRiderTrip(trip)),
        }));
        const words = await listCancellations(
          deps.db,
          trips.map(({ tripId }) => tripId),
        );
        return { records: [...records, ...words], nextPageToken };
      },
    });
  };
}

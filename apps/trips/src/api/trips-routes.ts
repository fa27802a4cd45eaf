import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import { getCaller, type Routes } from "@fanfare/service";
import type { TripRow } from "../registry/tables.ts";
import { toOperatorTrip } from "../registry/trip-message.ts";
import { createCallOptions } from "./call-options.ts";
import { cancelTrip } from "./cancel-trip.ts";
import { endTrip } from "./end-trip.ts";
import { getVisibleTrip } from "./get-visible-trip.ts";
import { listTrips } from "./list-trips.ts";
import { readCall, readDecision } from "./read-call.ts";
import { isOverForRider, toRiderTrip } from "./rider-trip.ts";
import { type StartTripDeps, startTrip } from "./start-trip.ts";
import { type WatchTripDeps, watchTrip } from "./watch-trip.ts";

/** The dependencies of `createTripsRoutes`. */
export interface TripsRoutesDeps extends StartTripDeps, WatchTripDeps {}

/** Creates the routes of TripsService, the API of riders. */
export function createTripsRoutes(deps: TripsRoutesDeps): Routes {
  return (router) => {
    router.service(TripsService, {
      async startTrip(request, context) {
        const { subject: riderId } = getCaller(context);
        const call = { ...createCallOptions(context), riderId };
        return { trip: showTrip(await startTrip(request, call, deps)) };
      },

      async endTrip({ tripId }, context) {
        return { trip: showTrip(await endTrip(tripId, readCall(context), deps)) };
      },

      async cancelTrip(request, context) {
        return { trip: showTrip(await cancelTrip(request, readDecision(context), deps)) };
      },

      async getTrip({ tripId }, context) {
        return { trip: showTrip(await getVisibleTrip(deps.registry, getCaller(context), tripId)) };
      },

      async listTrips(request, context) {
        const { trips, nextPageToken } = await listTrips(request, getCaller(context), deps);
        return { trips: trips.map(toRiderTrip), nextPageToken };
      },

      async *watchTrip({ tripId, afterVersion }, context) {
        const { signal } = context;
        const watch = { tripId, afterVersion, caller: getCaller(context), signal };
        for await (const watched of watchTrip(watch, deps)) {
          if ("heartbeat" in watched) {
            yield watched;
            continue;
          }
          yield { trip: toRiderTrip(watched.trip) };
          if (isOverForRider(watched.trip)) return;
        }
      },
    });
  };
}

function showTrip(row: TripRow) {
  return toRiderTrip(toOperatorTrip(row));
}

import type { HandlerContext } from "@connectrpc/connect";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import { type Caller, getCaller, type Routes } from "@fanfare/service";
import { toTrip } from "../registry/trip-message.ts";
import type { CallOptions } from "../temporal/trip-workflows.ts";
import { createCallOptions } from "./call-options.ts";
import { cancelTrip } from "./cancel-trip.ts";
import { endTrip } from "./end-trip.ts";
import { getTripProgress } from "./get-trip-progress.ts";
import { getVisibleTrip } from "./get-visible-trip.ts";
import { listTrips } from "./list-trips.ts";
import { resolveTrip, retryTrip } from "./operator-decisions.ts";
import { type StartTripDeps, startTrip } from "./start-trip.ts";
import type { TripFeed } from "./trip-feed.ts";

/** The dependencies of `createTripsRoutes`. */
export interface TripsRoutesDeps extends StartTripDeps {
  readonly feed: TripFeed;
}

/** Creates the routes of TripsService, the API of riders and operators. */
export function createTripsRoutes(deps: TripsRoutesDeps): Routes {
  const { registry, feed } = deps;
  return (router) => {
    router.service(TripsService, {
      async startTrip(request, context) {
        const { subject: riderId } = getCaller(context);
        return { trip: await startTrip(request, { ...createCallOptions(context), riderId }, deps) };
      },

      async endTrip({ tripId }, context) {
        return { trip: await endTrip(tripId, readCall(context), deps) };
      },

      async cancelTrip(request, context) {
        return { trip: await cancelTrip(request, readCall(context), deps) };
      },

      async retryTrip(request, context) {
        return await retryTrip(request, readCall(context), deps);
      },

      async resolveTrip(request, context) {
        return await resolveTrip(request, readCall(context), deps);
      },

      async getTrip({ tripId }, context) {
        return { trip: toTrip(await getVisibleTrip(registry, getCaller(context), tripId)) };
      },

      async getTripProgress({ tripId }, context) {
        return { steps: await getTripProgress(tripId, readCall(context, progressTimeoutMs), deps) };
      },

      async listTrips(request, context) {
        return await listTrips(request, getCaller(context), deps);
      },

      async *watchTrip({ tripId }, context) {
        const trip = await getVisibleTrip(registry, getCaller(context), tripId);
        for await (const change of feed.watch(toTrip(trip), context.signal)) {
          yield { trip: change };
        }
      },
    });
  };
}

/** Without a worker no query is answered, and the caller should learn that early. */
const progressTimeoutMs = 5_000;

function readCall(
  context: HandlerContext,
  maxTimeoutMs?: number,
): CallOptions & { caller: Caller } {
  return { ...createCallOptions(context, maxTimeoutMs), caller: getCaller(context) };
}

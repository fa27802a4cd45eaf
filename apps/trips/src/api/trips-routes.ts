import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import { type Caller, getCaller, type Routes } from "@fanfare/service";
import { tripOf } from "../registry/trip-message.ts";
import type { Call } from "../temporal/trip-workflows.ts";
import { cancelTrip } from "./cancel-trip.ts";
import { endTrip } from "./end-trip.ts";
import { visibleTrip } from "./get-visible-trip.ts";
import { callOf } from "./limit-call.ts";
import { listTrips } from "./list-trips.ts";
import { resolveTrip, retryTrip } from "./operator-decisions.ts";
import { type StartTripDeps, startTrip } from "./start-trip.ts";
import type { ChangeFeed } from "./trip-feed.ts";
import { stepsOf } from "./trip-steps.ts";

/** TripsDeps are what the edge API works with. */
export interface TripsDeps extends StartTripDeps {
  readonly feed: ChangeFeed;
}

/** createTripsRoutes is the API of riders and operators. */
export function createTripsRoutes(deps: TripsDeps): Routes {
  const { registry, workflows, feed } = deps;
  return (router) => {
    router.service(TripsService, {
      async startTrip(request, context) {
        const { subject: riderId } = getCaller(context);
        return { trip: await startTrip(request, { ...callOf(context), riderId }, deps) };
      },

      async endTrip({ tripId }, context) {
        return { trip: await endTrip(tripId, callBy(context), deps) };
      },

      async cancelTrip(request, context) {
        return { trip: await cancelTrip(request, callBy(context), deps) };
      },

      async retryTrip(request, context) {
        return await retryTrip(request, callBy(context), deps);
      },

      async resolveTrip(request, context) {
        return await resolveTrip(request, callBy(context), deps);
      },

      async getTrip({ tripId }, context) {
        return { trip: tripOf(await visibleTrip(registry, getCaller(context), tripId)) };
      },

      async getTripProgress({ tripId }, context) {
        const trip = await visibleTrip(registry, getCaller(context), tripId);
        const reply = await workflows.progress(trip.trip_id, callOf(context, progressTimeoutMs));
        if (reply.kind === "answered") return { steps: stepsOf(reply.outcome) };
        if (reply.kind === "gone") throw noWorkflow(trip.trip_id);
        throw cannotTell(trip.trip_id, reply);
      },

      async listTrips(request, context) {
        return await listTrips(request, getCaller(context), deps);
      },

      async *watchTrip({ tripId }, context) {
        const trip = await visibleTrip(registry, getCaller(context), tripId);
        for await (const change of feed.watch(tripOf(trip), context.signal)) {
          yield { trip: change };
        }
      },
    });
  };
}

function callBy(context: HandlerContext): Call & { caller: Caller } {
  return { ...callOf(context), caller: getCaller(context) };
}

/** Without a worker nobody answers a query, and the caller is not to wait for all of its time. */
const progressTimeoutMs = 5_000;

function cannotTell(tripId: string, cause: unknown): ConnectError {
  return new ConnectError(
    `the workflow of trip ${tripId} cannot be asked right now: ask again in a moment. GetTrip tells how the trip is`,
    Code.Unavailable,
    undefined,
    undefined,
    cause,
  );
}

function noWorkflow(tripId: string): ConnectError {
  return new ConnectError(
    `trip ${tripId} has no workflow that could tell: it is forgotten, or has not begun. GetTrip tells how the trip is`,
    Code.NotFound,
  );
}

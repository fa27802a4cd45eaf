import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { type Trip, TripsService } from "@fanfare/contracts/trips/v1/trips";
import { type Caller, getCaller, type Routes } from "@fanfare/service";
import { readDecisionId } from "../operators/decision-id.ts";
import { toTrip } from "../registry/trip-message.ts";
import type { CallOptions } from "../temporal/trip-workflows.ts";
import { createCallOptions, progressTimeoutMs } from "./call-options.ts";
import { cancelTrip } from "./cancel-trip.ts";
import { endTrip } from "./end-trip.ts";
import { getTripProgress } from "./get-trip-progress.ts";
import { getVisibleTrip } from "./get-visible-trip.ts";
import { addHeartbeats, heartbeat } from "./heartbeats.ts";
import { listTrips } from "./list-trips.ts";
import { type OperatorCall, resolveTrip, retryTrip } from "./operator-decisions.ts";
import { showStepToRider, showTripToRider } from "./show-to-rider.ts";
import { type StartTripDeps, startTrip } from "./start-trip.ts";
import type { TripFeed } from "./trip-feed.ts";

/** The dependencies of `createTripsRoutes`. */
export interface TripsRoutesDeps extends StartTripDeps {
  readonly feed: TripFeed;
  /** The time in milliseconds after which WatchTrip sends a heartbeat when nothing changes. */
  readonly heartbeatMs: number;
}

/** Creates the routes of TripsService, the API of riders and operators. */
export function createTripsRoutes(deps: TripsRoutesDeps): Routes {
  const { registry, feed } = deps;
  return (router) => {
    router.service(TripsService, {
      async startTrip(request, context) {
        const { subject: riderId } = getCaller(context);
        const trip = await startTrip(request, { ...createCallOptions(context), riderId }, deps);
        return { trip: showTrip(trip, context) };
      },

      async endTrip({ tripId }, context) {
        return { trip: showTrip(await endTrip(tripId, readCall(context), deps), context) };
      },

      async cancelTrip(request, context) {
        return { trip: showTrip(await cancelTrip(request, readDecision(context), deps), context) };
      },

      async retryTrip(request, context) {
        return await retryTrip(request, readDecision(context), deps);
      },

      async resolveTrip(request, context) {
        return await resolveTrip(request, readDecision(context), deps);
      },

      async getTrip({ tripId }, context) {
        const trip = await getVisibleTrip(registry, getCaller(context), tripId);
        return { trip: showTrip(toTrip(trip), context) };
      },

      async getTripProgress({ tripId }, context) {
        const call = readCall(context, progressTimeoutMs);
        const steps = await getTripProgress(tripId, call, deps);
        return { steps: call.caller.role === "operator" ? steps : steps.map(showStepToRider) };
      },

      async listTrips(request, context) {
        const { trips, nextPageToken } = await listTrips(request, getCaller(context), deps);
        return { trips: trips.map((trip) => showTrip(trip, context)), nextPageToken };
      },

      async *watchTrip({ tripId, afterVersion }, context) {
        const trip = await getVisibleTrip(registry, getCaller(context), tripId);
        const watch = (signal: AbortSignal) => feed.watch(toTrip(trip), signal, afterVersion);
        const options = { intervalMs: deps.heartbeatMs, signal: context.signal };
        for await (const change of addHeartbeats(watch, options)) {
          yield change === heartbeat
            ? { heartbeat: { interval: durationFromMs(deps.heartbeatMs) } }
            : { trip: showTrip(change, context) };
        }
      },
    });
  };
}

/** Returns the trip as the caller may see it. */
function showTrip(trip: Trip, context: HandlerContext): Trip {
  return getCaller(context).role === "operator" ? trip : showTripToRider(trip);
}

/** Reads a call of an operator. Its decision has the idempotency key of the call, or an id of its own. */
function readDecision(context: HandlerContext): OperatorCall {
  return { ...readCall(context), decisionId: readDecisionId(context) };
}

function readCall(
  context: HandlerContext,
  maxTimeoutMs?: number,
): CallOptions & { caller: Caller } {
  return { ...createCallOptions(context, maxTimeoutMs), caller: getCaller(context) };
}

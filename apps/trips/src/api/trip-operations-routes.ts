import { TripOperationsService } from "@fanfare/contracts/operators/v1/trip_operations";
import { getCaller, type Routes } from "@fanfare/service";
import { toRefund } from "../refunds/refund-message.ts";
import { type RefundTripDeps, refundTrip } from "../refunds/refund-trip.ts";
import { toOperatorTrip } from "../registry/trip-message.ts";
import { progressTimeoutMs } from "./call-options.ts";
import { cancelTrip } from "./cancel-trip.ts";
import { endTripForRider } from "./end-trip.ts";
import { getTripProgress } from "./get-trip-progress.ts";
import { getVisibleTrip } from "./get-visible-trip.ts";
import { listTrips } from "./list-trips.ts";
import { type OperatorDecisionDeps, resolveTrip, retryTrip } from "./operator-decisions.ts";
import { readCall, readDecision } from "./read-call.ts";
import { type WatchTripDeps, watchTrip } from "./watch-trip.ts";

/** The dependencies of `createTripOperationsRoutes`. */
export interface TripOperationsRoutesDeps
  extends OperatorDecisionDeps,
    RefundTripDeps,
    WatchTripDeps {}

/** Creates the routes of TripOperationsService, the API of operators. */
export function createTripOperationsRoutes(deps: TripOperationsRoutesDeps): Routes {
  return (router) => {
    router.service(TripOperationsService, {
      async getTrip({ tripId }, context) {
        const row = await getVisibleTrip(deps.registry, getCaller(context), tripId);
        return { trip: toOperatorTrip(row) };
      },

      listTrips: (request, context) => listTrips(request, getCaller(context), deps),

      async *watchTrip({ tripId, afterVersion }, context) {
        const { signal } = context;
        yield* watchTrip({ tripId, afterVersion, caller: getCaller(context), signal }, deps);
      },

      async getTripProgress({ tripId }, context) {
        return { steps: await getTripProgress(tripId, readCall(context, progressTimeoutMs), deps) };
      },

      async endTrip(request, context) {
        const row = await endTripForRider(request, readDecision(context), deps);
        return { trip: toOperatorTrip(row) };
      },

      async cancelTrip(request, context) {
        return { trip: toOperatorTrip(await cancelTrip(request, readDecision(context), deps)) };
      },

      retryTrip: (request, context) => retryTrip(request, readDecision(context), deps),
      resolveTrip: (request, context) => resolveTrip(request, readDecision(context), deps),
      refundTrip: (request, context) => refundTrip(request, readDecision(context), deps),

      async listRefunds({ tripId }, context) {
        const { trip_id } = await getVisibleTrip(deps.registry, getCaller(context), tripId);
        return { refunds: (await deps.refunds.list(trip_id)).map(toRefund) };
      },
    });
  };
}

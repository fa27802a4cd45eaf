import type { Caller } from "@fanfare/service";
import { createCannotCancelError, requestCancel } from "../registry/stop-requests.ts";
import type { TripRow } from "../registry/tables.ts";
import { isCompensating, isEndParked } from "../registry/trip-phase.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import { sendStopRequest } from "../temporal/send-stop-request.ts";
import type { DecisionOptions, TripWorkflows } from "../temporal/trip-workflows.ts";
import { getVisibleTrip } from "./get-visible-trip.ts";
import { createUnansweredError } from "./unanswered-error.ts";

/** The dependencies of `cancelTrip`. */
export interface CancelTripDeps {
  readonly registry: TripRegistry;
  readonly workflows: TripWorkflows;
}

/**
 * Records the request to cancel a trip whose drive has not ended, and asks the workflow to compensate it.
 * Returns the trip as CANCELLED, as NEEDS_ATTENTION when a compensation is parked, or as it is when the
 * workflow does not answer in time: the reconciler delivers the request later. A repeated call returns the
 * same. Throws failed_precondition when the drive has ended.
 */
export async function cancelTrip(
  request: { readonly tripId: string; readonly reason: string },
  { caller, ...call }: DecisionOptions & { caller: Caller },
  { registry, workflows }: CancelTripDeps,
): Promise<TripRow> {
  const visible = await getVisibleTrip(registry, caller, request.tripId);
  const isOperator = caller.role === "operator";
  const reason = request.reason || `cancelled by ${isOperator ? "an operator" : "its rider"}`;
  const operator = isOperator ? caller.subject : undefined;
  const cancellation = requestCancel({ reason, operator });
  const asked = await (operator === undefined
    ? registry.record(visible.trip_id, cancellation)
    : registry.decide(visible.trip_id, cancellation, {
        entryId: call.decisionId,
        operator,
        action: "CANCEL_TRIP",
        subject: visible.trip_id,
        details: "",
        reason,
      }));
  if (isCompensated(asked)) return asked;

  const reply = await (asked.stop_kind === "CANCEL"
    ? sendStopRequest(workflows, asked, call)
    : // The trip is COMPENSATING for another reason: the update joins that.
      workflows.cancel(asked.trip_id, { reason }, call));
  const trip = await getVisibleTrip(registry, caller, request.tripId);
  if (trip.ended_at !== null || isEndParked(trip)) throw createCannotCancelError(trip);
  if (reply.kind === "refused" && !isCompensating(trip)) {
    // The words of a workflow are for operators.
    throw isOperator
      ? createUnansweredError(reply, `cancellation of trip ${trip.trip_id}`)
      : createCannotCancelError(trip);
  }
  return trip;
}

/** Returns whether everything is compensated, or what is left is parked. */
function isCompensated(trip: TripRow): boolean {
  return isCompensating(trip) && trip.status !== "COMPENSATING";
}

import type { RefundTripRequest } from "@fanfare/contracts/operators/v1/trip_operations";
import type { OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import type { TripRefund } from "@fanfare/contracts/trips/v1/trip_refund";
import { progressTimeoutMs } from "../api/call-options.ts";
import type { OperatorCall } from "../api/operator-decisions.ts";
import { toOperatorTrip } from "../registry/trip-message.ts";
import { toRefund } from "./refund-message.ts";
import type { RefundWorkflows } from "./refund-workflows.ts";
import type { TripRefunds } from "./trip-refunds.ts";

/** The dependencies of `refundTrip`. */
export interface RefundTripDeps {
  readonly refunds: Pick<TripRefunds, "request" | "list">;
  readonly refundWorkflows: RefundWorkflows;
}

/**
 * Stores a refund with its entry of the operator log, then starts its workflow. When the process dies in
 * between, or Temporal does not answer, the reconciler starts it.
 */
export async function refundTrip(
  { tripId, amount, reason }: RefundTripRequest,
  { caller, decisionId: entryId, ...call }: OperatorCall,
  { refunds, refundWorkflows }: RefundTripDeps,
): Promise<{ readonly trip: OperatorTrip; readonly refund: TripRefund }> {
  const operator = caller.subject;
  const { trip, refund } = await refunds.request({ entryId, tripId, amount, operator, reason });
  if (refund.state === "REQUESTED") {
    const timeoutMs = Math.min(call.timeoutMs, progressTimeoutMs);
    await refundWorkflows.start(refund, { ...call, timeoutMs });
  }
  return { trip: toOperatorTrip(trip), refund: toRefund(refund) };
}

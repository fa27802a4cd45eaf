import { ApplicationFailure } from "@temporalio/common";
import type { ActivityInterceptorsFactory } from "@temporalio/worker";
import { type RegistryActivities, resolvedFailureType, type TripCall } from "../trip-activities.ts";

/**
 * Refuses calls that an operator has resolved by hand. Temporal repeats an activity that was running at the
 * point to which a workflow is reset, whatever happened since. Only calls that another run of the workflow
 * has made are looked up in the registry.
 */
export function refuseResolved({
  readTripRecord,
}: Pick<RegistryActivities, "readTripRecord">): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      async execute(input, next) {
        const [call] = input.args;
        if (!isOfOtherRun(call, info.workflowExecution?.runId)) return await next(input);
        const { tripId } = call;
        const { resolvedSteps } = await readTripRecord({ step: "read-record", tripId });
        if (!resolvedSteps.includes(info.activityId)) return await next(input);
        const message = `an operator has resolved ${info.activityId}: it is not called again`;
        throw ApplicationFailure.nonRetryable(message, resolvedFailureType);
      },
    },
  });
}

function isOfOtherRun(call: unknown, runId: string | undefined): call is TripCall {
  if (typeof call !== "object" || call === null) return false;
  if (!("runId" in call) || !("tripId" in call)) return false;
  return call.runId !== undefined && call.runId !== runId;
}

import { ApplicationFailure } from "@temporalio/common";
import type { ActivityInterceptorsFactory } from "@temporalio/worker";
import { type RegistryActivities, resolvedFailureType, type TripCall } from "../trip-activities.ts";

/**
 * Refuses calls that an operator has resolved by hand. A workflow that is reset repeats the activity, ordinary
 * or local, that was running at that point, whatever happened since. Only the calls of a run that a reset has
 * created are looked up in the registry.
 */
export function refuseResolved({
  readTripRecord,
}: Pick<RegistryActivities, "readTripRecord">): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      async execute(input, next) {
        const [call] = input.args;
        if (!isAfterReset(call, info.workflowExecution?.runId)) return await next(input);
        const { tripId, step } = call;
        // A local activity has no id of ours. No compensation is one.
        const activityId = info.isLocal ? step : info.activityId;
        const { resolvedSteps } = await readTripRecord({ step: "read-record", tripId });
        if (!resolvedSteps.includes(activityId)) return await next(input);
        const message = `an operator has resolved ${activityId}: it is not called again`;
        throw ApplicationFailure.nonRetryable(message, resolvedFailureType);
      },
    },
  });
}

function isAfterReset(call: unknown, runId: string | undefined): call is TripCall {
  if (typeof call !== "object" || call === null) return false;
  if (!("firstRunId" in call) || !("tripId" in call)) return false;
  return call.firstRunId !== undefined && call.firstRunId !== runId;
}

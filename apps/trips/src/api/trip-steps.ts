import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type TripStep,
  TripStep_State,
  TripStepSchema,
} from "@fanfare/contracts/operators/v1/trip_operations";
import { compensationSuffix, type StepProgress } from "@fanfare/trip-contract";
import type { WorkflowProgress } from "../temporal/trip-workflows.ts";

const states = {
  running: TripStep_State.RUNNING,
  done: TripStep_State.DONE,
  failed: TripStep_State.FAILED,
  compensating: TripStep_State.COMPENSATING,
  compensated: TripStep_State.COMPENSATED,
  parked: TripStep_State.PARKED,
} as const;

/**
 * Converts the progress of a workflow to the steps that the API returns. The workflow reports its steps
 * and compensations; Temporal adds the attempts and the last error of their pending activities.
 */
export function toTripSteps({ saga, pending }: WorkflowProgress): TripStep[] {
  return saga.steps.map((step) => {
    const activityId = getActivityId(step);
    const activity = pending.find((candidate) => candidate.activityId === activityId);
    return create(TripStepSchema, {
      name: step.name,
      state: states[step.state],
      startedAt: toTimestamp(step.startedAt),
      finishedAt: toTimestamp(step.finishedAt),
      compensatedAt: toTimestamp(step.compensatedAt),
      attempts: activity?.attempt ?? 0,
      lastError: activity?.lastError || step.error || "",
    });
  });
}

function getActivityId({ name, state }: StepProgress): string {
  return state === "compensating" ? `${name}${compensationSuffix}` : name;
}

function toTimestamp(iso: string | undefined): Timestamp | undefined {
  return iso === undefined ? undefined : timestampFromDate(new Date(iso));
}

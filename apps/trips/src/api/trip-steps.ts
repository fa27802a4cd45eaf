import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type TripStep, TripStep_State, TripStepSchema } from "@fanfare/contracts/trips/v1/trips";
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
 * stepsOf joins what the workflow knows, its steps and compensations, with what only Temporal knows: how
 * often the activity of a step or of its compensation was tried, and what it failed with.
 */
export function stepsOf({ saga, pending }: WorkflowProgress): TripStep[] {
  return saga.steps.map((step) => {
    const running = pending.find(({ activityId }) => activityId === activityIdOf(step));
    return create(TripStepSchema, {
      name: step.name,
      state: states[step.state],
      startedAt: timestampOf(step.startedAt),
      finishedAt: timestampOf(step.finishedAt),
      compensatedAt: timestampOf(step.compensatedAt),
      attempts: running?.attempt ?? 0,
      lastError: running?.lastError || step.error || "",
    });
  });
}

function activityIdOf({ name, state }: StepProgress): string {
  return state === "compensating" ? `${name}${compensationSuffix}` : name;
}

function timestampOf(iso: string | undefined): Timestamp | undefined {
  return iso === undefined ? undefined : timestampFromDate(new Date(iso));
}

import type { ParkedStep, Saga } from "@fanfare/saga";
import {
  type CancelArgument,
  type CancelUpdateResult,
  type CompletedDrive,
  type EndArgument,
  operatorUpdates,
  progressQuery,
  type ResolveArgument,
  type RetryArgument,
  type SagaProgress,
  type StartUpdateResult,
  steps,
  updates,
} from "@fanfare/trip-contract";
import {
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  setHandler,
} from "@temporalio/workflow";
import { isDriveOver, type TripState } from "./trip-state.ts";
import {
  checkTime,
  createEarlyUpdate,
  createRefusedUpdate,
  readStep,
  readText,
} from "./update-arguments.ts";

const start = defineUpdate<StartUpdateResult>(updates.start);
const end = defineUpdate<CompletedDrive, [EndArgument]>(updates.end);
const cancel = defineUpdate<CancelUpdateResult, [CancelArgument]>(updates.cancel);
const retry = defineUpdate<readonly string[], [RetryArgument?]>(operatorUpdates.retry);
const resolve = defineUpdate<readonly string[], [ResolveArgument]>(operatorUpdates.resolve);
const progress = defineQuery<SagaProgress>(progressQuery);

/** Handles the updates and the query of a trip. Every update but `start` has a validator. */
export function handleTripUpdates(saga: Saga, state: TripState): void {
  setHandler(progress, () => saga.progress());

  setHandler(start, async (): Promise<StartUpdateResult> => {
    await waitFor(() => state.startedAt !== undefined || state.compensated !== undefined);
    if (state.compensated !== undefined) return state.compensated;
    return { status: "ACTIVE", startedAt: state.startedAt ?? "" };
  });

  setHandler(
    end,
    async ({ requestedAt }) => {
      state.endRequestedAt ??= requestedAt;
      const isParked = () => saga.parked().some(({ step }) => step === steps.completeDrive);
      await waitFor(
        () => state.completedDrive !== undefined || describeCause(saga) !== undefined || isParked(),
      );
      if (state.completedDrive !== undefined) return state.completedDrive;
      throw createRefusedUpdate(describeCause(saga) ?? "the end of the trip waits for an operator");
    },
    {
      validator: (argument: unknown) => {
        checkTime(argument, {
          field: "requestedAt",
          missing: "end needs the time at which the registry recorded the request",
        });
        const cause = describeCause(saga);
        if (cause !== undefined) throw createRefusedUpdate(cause);
        checkAfterStart(argument, state);
        if (state.recovering) throw createRecovering();
        // A rider can read ACTIVE in the registry before this workflow has the answer.
        if (state.activating === undefined) {
          throw createEarlyUpdate(
            "the trip is not ACTIVE yet: wait for StartTrip to answer, then end it",
          );
        }
      },
    },
  );

  setHandler(
    cancel,
    async ({ reason }): Promise<CancelUpdateResult> => {
      saga.cancel(reason);
      await waitFor(() => state.compensated !== undefined);
      if (state.compensated !== undefined) return state.compensated;
      throw createRefusedUpdate("the trip could not be cancelled");
    },
    {
      validator: (argument: unknown) => {
        readText(argument, { field: "reason", missing: "cancel needs a reason" });
        if (state.recovering) throw createRecovering();
        if (describeCause(saga) !== undefined) return;
        if (isDriveOver(state)) {
          throw createRefusedUpdate(
            "the drive has ended: a trip can be cancelled until then, not after",
          );
        }
        if (saga.progress().pivoted) {
          throw createRefusedUpdate("the cancellation grace is over: end the trip instead");
        }
      },
    },
  );

  setHandler(retry, (argument) => saga.retry(argument?.step), {
    validator: (argument?: unknown) => {
      if (findParked(saga, readStep(argument)).length === 0) throw createNothingParked();
    },
  });

  setHandler(resolve, ({ note, step }) => saga.resolve(note, step), {
    validator: (argument: unknown) => {
      const missing = "resolve requires a note that states what was done";
      if (readText(argument, { field: "note", missing }) === "") throw createRefusedUpdate(missing);
      const parked = findParked(saga, readStep(argument));
      if (parked.length === 0) throw createNothingParked();
      if (!parked.some(({ resolvable }) => resolvable)) {
        throw createRefusedUpdate(`${parked[0]?.step} cannot be done by hand, only retried`);
      }
    },
  });
}

/** Refuses an end before the start: the registry records both by one clock. */
function checkAfterStart(argument: unknown, { startedAt }: TripState): void {
  const requestedAt = readText(argument, { field: "requestedAt", missing: "" });
  if (startedAt === undefined || Date.parse(requestedAt) >= Date.parse(startedAt)) return;
  throw createRefusedUpdate(
    `the drive began at ${startedAt}: it cannot end at ${requestedAt}, before that`,
  );
}

/** Waits for a condition. A cancellation of the workflow does not fail the update that waits. */
function waitFor(holds: () => boolean): Promise<void> {
  return CancellationScope.nonCancellable(() => condition(holds));
}

function describeCause(saga: Saga): string | undefined {
  const { cause } = saga.progress();
  return cause && `the trip is cancelled: ${cause.message}`;
}

function findParked(saga: Saga, step: string | undefined): readonly ParkedStep[] {
  return saga.parked().filter((parked) => step === undefined || parked.step === step);
}

function createRecovering() {
  return createEarlyUpdate("the trip is being recovered: send the update again in a moment");
}

function createNothingParked() {
  return createRefusedUpdate("nothing of that name waits for an operator");
}

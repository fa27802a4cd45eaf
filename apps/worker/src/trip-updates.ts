import type { Saga } from "@fanfare/saga";
import {
  type CancelArgument,
  type CancelUpdateResult,
  type CompletedDrive,
  earlyUpdateType,
  operatorUpdates,
  progressQuery,
  type ResolveArgument,
  type RetryArgument,
  refusedUpdateType,
  type SagaProgress,
  type StartUpdateResult,
  steps,
  updates,
} from "@fanfare/trip-contract";
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  setHandler,
} from "@temporalio/workflow";
import type { TripState } from "./trip-state.ts";

const start = defineUpdate<StartUpdateResult>(updates.start);
const end = defineUpdate<CompletedDrive>(updates.end);
const cancel = defineUpdate<CancelUpdateResult, [CancelArgument]>(updates.cancel);
const retry = defineUpdate<readonly string[], [RetryArgument?]>(operatorUpdates.retry);
const resolve = defineUpdate<readonly string[], [ResolveArgument]>(operatorUpdates.resolve);
const progress = defineQuery<SagaProgress>(progressQuery);

/** answerTripUpdates lets a trip be asked and told from outside. */
export function answerTripUpdates(saga: Saga, trip: TripState): void {
  setHandler(progress, () => saga.progress());

  setHandler(start, async (): Promise<StartUpdateResult> => {
    await until(() => trip.startedAt !== undefined || trip.compensated !== undefined);
    if (trip.compensated !== undefined) return trip.compensated;
    return { status: "ACTIVE", startedAt: trip.startedAt ?? "" };
  });

  setHandler(
    end,
    async () => {
      trip.endRequestedAt ??= new Date().toISOString();
      const stuck = () => saga.parked().some(({ step }) => step === steps.completeDrive);
      await until(
        () => trip.ended !== undefined || compensationCause(saga) !== undefined || stuck(),
      );
      if (trip.ended !== undefined) return trip.ended;
      throw refused(compensationCause(saga) ?? "the end of the trip waits for an operator");
    },
    {
      validator: () => {
        const compensated = compensationCause(saga);
        if (compensated !== undefined) throw refused(compensated);
        if (trip.recovering) throw recovering();
        // The rider may hear of ACTIVE from the registry before this workflow does.
        if (trip.activating === undefined) {
          throw early("the trip is not ACTIVE yet: wait for StartTrip to answer, then end it");
        }
      },
    },
  );

  setHandler(
    cancel,
    async ({ reason }): Promise<CancelUpdateResult> => {
      saga.cancel(reason);
      await until(() => trip.compensated !== undefined);
      if (trip.compensated !== undefined) return trip.compensated;
      throw refused("the trip could not be cancelled");
    },
    {
      validator: (argument: unknown) => {
        const reason = textOf(argument, "reason");
        if (reason === undefined) throw refused("cancel needs a reason");
        if (reason.length > longestText) throw tooLong("reason");
        if (trip.recovering) throw recovering();
        const ending = trip.endRequestedAt !== undefined && compensationCause(saga) === undefined;
        if (saga.progress().pivoted || ending) {
          throw refused("the drive has ended: a trip can be cancelled until then, not after");
        }
      },
    },
  );

  setHandler(retry, (argument) => saga.retry(argument?.step), {
    validator: (argument?: unknown) => {
      if (reachable(saga, stepOf(argument)).length === 0) throw nothingParked();
    },
  });

  setHandler(resolve, ({ note, step }) => saga.resolve(note, step), {
    validator: (argument: unknown) => {
      const note = textOf(argument, "note");
      if (!note) throw refused("resolve needs a note that says what was done");
      if (note.length > longestText) throw tooLong("note");
      const parked = reachable(saga, stepOf(argument));
      if (parked.length === 0) throw nothingParked();
      if (!parked.some(({ resolvable }) => resolvable)) {
        throw refused(`${parked[0]?.step} cannot be done by hand, only retried`);
      }
    },
  });
}

/** until waits out of reach of the workflow's cancellation, which must not fail an update. */
function until(holds: () => boolean): Promise<void> {
  return CancellationScope.nonCancellable(() => condition(holds));
}

function compensationCause(saga: Saga): string | undefined {
  const cause = saga.progress().cause;
  return cause && `the trip is cancelled: ${cause.message}`;
}

function reachable(saga: Saga, step: string | undefined) {
  return saga.parked().filter((parked) => step === undefined || parked.step === step);
}

function recovering(): ApplicationFailure {
  return early("the trip is taken up again after its workflow was ended: ask in a moment");
}

function nothingParked(): ApplicationFailure {
  return refused("nothing of that name waits for an operator");
}

function refused(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, refusedUpdateType);
}

function early(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, earlyUpdateType);
}

/** What is told to a trip stays in its history: no longer than this, in characters. */
const longestText = 1_000;

function tooLong(what: string): ApplicationFailure {
  return refused(`the ${what} is too long: say it in ${longestText} characters`);
}

/** stepOf reads the step that is chosen; undefined when none is, so that it is all of them. */
function stepOf(argument: unknown): string | undefined {
  const step = textOf(argument, "step");
  const given = typeof argument === "object" && argument !== null && "step" in argument;
  if (given && step === undefined) throw refused("step is not the name of a step");
  return step;
}

/** textOf reads a field of what came from outside and may be anything. */
function textOf(argument: unknown, field: string): string | undefined {
  if (typeof argument !== "object" || argument === null) return undefined;
  const value: unknown = Reflect.get(argument, field);
  return typeof value === "string" ? value : undefined;
}

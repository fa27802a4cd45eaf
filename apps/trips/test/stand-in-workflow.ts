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
  type TripInput,
  updates,
} from "@fanfare/trip-contract";
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  proxyActivities,
  setHandler,
} from "@temporalio/workflow";

/** Vehicles that the stand-in knows: the drive of one cannot be ended, of one not yet, and of one hangs. */
export const locked = "vehicle-locked";
export const reluctant = "vehicle-reluctant";
export const stuck = "vehicle-stuck";

const { capture } = proxyActivities<{ capture(): Promise<void> }>({
  startToCloseTimeout: "1 minute",
  retry: { initialInterval: 10, maximumInterval: 10 },
  activityId: "capture",
});

/** trip answers what the workflow of a trip answers, otherwise each time, and does nothing. */
export async function trip({ vehicleId, requestedAt }: TripInput): Promise<string> {
  let over = false;
  let answers = 0;
  setHandler(
    defineUpdate<StartUpdateResult>(updates.start),
    (): StartUpdateResult => ({ status: "ACTIVE", startedAt: `answer ${++answers}` }),
  );
  setHandler(
    defineUpdate<CompletedDrive>(updates.end),
    async () => {
      over = vehicleId !== stuck;
      await condition(() => over);
      return { endedAt: `answer ${++answers}`, fare: { minorUnits: 30, currency: "EUR" } };
    },
    {
      validator() {
        if (vehicleId === locked)
          throw ApplicationFailure.nonRetryable("locked", refusedUpdateType);
        if (vehicleId === reluctant)
          throw ApplicationFailure.nonRetryable("not yet", earlyUpdateType);
      },
    },
  );
  setHandler(
    defineUpdate<CancelUpdateResult, [CancelArgument]>(updates.cancel),
    ({ reason }): CancelUpdateResult => {
      over = true;
      return { status: "CANCELLED", reason };
    },
  );
  setHandler(
    defineUpdate<readonly string[], [RetryArgument]>(operatorUpdates.retry),
    ({ step }) => ["retried", step ?? "all"],
  );
  setHandler(
    defineUpdate<readonly string[], [ResolveArgument]>(operatorUpdates.resolve),
    ({ note, step }) => ["resolved", step ?? "all", note],
  );
  const progress: SagaProgress = {
    state: "forward",
    pivoted: true,
    steps: [{ name: "capture", state: "running", startedAt: requestedAt }],
  };
  setHandler(defineQuery<SagaProgress>(progressQuery), () => progress);

  const capturing = new CancellationScope();
  if (vehicleId === stuck) capturing.run(capture).catch(() => {});
  await condition(() => over);
  capturing.cancel();
  return "over";
}

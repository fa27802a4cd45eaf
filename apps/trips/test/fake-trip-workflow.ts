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

/** A vehicle with which `end` is refused. */
export const refusing = "vehicle-refusing";
/** A vehicle with which `end` is refused for now. */
export const notReady = "vehicle-not-ready";
/** A vehicle with which `end` never returns, and an activity fails again and again. */
export const stuck = "vehicle-stuck";

const { capture } = proxyActivities<{ capture(): Promise<void> }>({
  startToCloseTimeout: "1 minute",
  retry: { initialInterval: 10, maximumInterval: 10 },
  activityId: "capture",
});

/** Answers like the workflow of a trip, with a different answer each time, and does nothing else. */
export async function trip({ vehicleId, requestedAt }: TripInput): Promise<string> {
  let closing = false;
  let answers = 0;
  setHandler(
    defineUpdate<StartUpdateResult>(updates.start),
    (): StartUpdateResult => ({ status: "ACTIVE", startedAt: `answer ${++answers}` }),
  );
  setHandler(
    defineUpdate<CompletedDrive>(updates.end),
    async () => {
      closing = vehicleId !== stuck;
      await condition(() => closing);
      return { endedAt: `answer ${++answers}`, fare: { minorUnits: 30, currency: "EUR" } };
    },
    {
      validator() {
        if (vehicleId === refusing)
          throw ApplicationFailure.nonRetryable("refused", refusedUpdateType);
        if (vehicleId === notReady)
          throw ApplicationFailure.nonRetryable("not yet", earlyUpdateType);
      },
    },
  );
  setHandler(
    defineUpdate<CancelUpdateResult, [CancelArgument]>(updates.cancel),
    ({ reason }): CancelUpdateResult => {
      closing = true;
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
  await condition(() => closing);
  capturing.cancel();
  return "done";
}

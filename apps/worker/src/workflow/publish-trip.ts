import { runInBackground, type StepCall } from "@fanfare/saga";
import { steps } from "@fanfare/trip-contract";
import { ActivityFailure, isCancellation, rootCause } from "@temporalio/workflow";
import { type CompletedTrip, persistentFailureType } from "../trip-activities.ts";
import { type RetryLimit, type TripCalls, withoutEnd } from "./trip-calls.ts";
import type { TripRecorder } from "./trip-recorder.ts";

/** Dependencies of `publishTrip`. */
export interface PublishTripDeps {
  readonly calls: TripCalls;
  readonly recorder: TripRecorder;
}

/** Fails early enough for the registry to show the error. */
const threeAttempts: RetryLimit = { maxAttempts: 3, nonRetryable: [persistentFailureType] };

/**
 * Creates the call that publishes TripCompleted, without a time limit, and records that it is
 * published. After three failed attempts it also records the delay and its reason.
 */
export function publishTrip(
  trip: CompletedTrip,
  { calls, recorder }: PublishTripDeps,
): StepCall<void> {
  const { local, run } = calls.create(
    steps.publish,
    { tries: "local-first", retry: withoutEnd },
    (activities) => activities.publishTripCompleted(trip),
  );

  function recordPublished(): StepCall<void> {
    const publishedAt = new Date().toISOString();
    return recorder.recordBroadcast({ state: "published", publishedAt });
  }

  async function publish(): Promise<void> {
    try {
      await calls.activities(steps.publish, threeAttempts).publishTripCompleted(trip);
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      const reason = rootCause(error) ?? error.message;
      const record = runInBackground("broadcast", () =>
        recorder.recordBroadcast({ state: "delayed", error: reason }).run(),
      );
      await run();
      record.cancel();
    }
  }

  return {
    local:
      local &&
      (async () => {
        await local();
        await recordPublished().local?.();
      }),
    async run() {
      await publish();
      await recordPublished().run();
    },
  };
}

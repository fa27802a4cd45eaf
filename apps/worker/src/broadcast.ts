import { runInBackground, type StepCall } from "@fanfare/saga";
import { steps } from "@fanfare/trip-contract";
import { ActivityFailure, isCancellation, rootCause } from "@temporalio/workflow";
import type { CompletedTrip } from "./activity-types.ts";
import type { TripCalls } from "./calls.ts";
import type { TripRegistry } from "./trip-registry.ts";

export interface BroadcastDeps {
  readonly calls: TripCalls;
  readonly registry: TripRegistry;
}

/**
 * broadcastTrip publishes TripCompleted, however long that takes, and records that it is out. When
 * the first tries fail, the registry says that it is delayed, and why.
 */
export function broadcastTrip(
  trip: CompletedTrip,
  { calls, registry }: BroadcastDeps,
): StepCall<void> {
  const { local, run } = calls.after(steps.publish, (to) => to.publishTripCompleted(trip));
  const published = () =>
    registry.broadcast({ state: "published", publishedAt: new Date().toISOString() });

  async function tell(): Promise<void> {
    try {
      await calls.few(steps.publish).publishTripCompleted(trip);
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      const reason = rootCause(error) ?? error.message;
      const telling = runInBackground("broadcast", () =>
        registry.broadcast({ state: "delayed", error: reason }).run(),
      );
      await run();
      telling.cancel();
    }
  }

  return {
    local:
      local &&
      (async () => {
        await local();
        await published().local?.();
      }),
    async run() {
      await tell();
      await published().run();
    },
  };
}

import { runBeside, type Tries } from "@fanfare/saga";
import { steps } from "@fanfare/trip-contract";
import { ActivityFailure, isCancellation, rootCause } from "@temporalio/workflow";
import type { CompletedTrip } from "./activity-types.ts";
import type { TripCalls } from "./calls.ts";
import type { TripLedger } from "./trip-ledger.ts";

export interface BroadcastDeps {
  readonly calls: TripCalls;
  readonly ledger: TripLedger;
}

/**
 * broadcastTrip publishes TripCompleted, however long that takes, and records that it is out. When
 * the first tries fail, the ledger says that it is delayed, and why.
 */
export function broadcastTrip(trip: CompletedTrip, { calls, ledger }: BroadcastDeps): Tries<void> {
  const { first, run } = calls.after(steps.publish, (to) => to.publishTripCompleted(trip));
  const published = () =>
    ledger.broadcast({ state: "published", publishedAt: new Date().toISOString() });

  async function tell(): Promise<void> {
    try {
      await calls.few(steps.publish).publishTripCompleted(trip);
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      const reason = rootCause(error) ?? error.message;
      const telling = runBeside("broadcast", () =>
        ledger.broadcast({ state: "delayed", error: reason }).run(),
      );
      await run();
      telling.cancel();
    }
  }

  return {
    first:
      first &&
      (async () => {
        await first();
        await published().first?.();
      }),
    async run() {
      await tell();
      await published().run();
    },
  };
}

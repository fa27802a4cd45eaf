import { runBeside } from "@fanfare/saga";
import { ActivityFailure, isCancellation, rootCause } from "@temporalio/workflow";
import type { CompletedTrip } from "./activity-types.ts";
import type { TripCalls } from "./calls.ts";
import { steps } from "./steps.ts";
import type { TripLedger } from "./trip-ledger.ts";

export interface BroadcastDeps {
  readonly calls: TripCalls;
  readonly ledger: TripLedger;
}

/**
 * broadcastTrip publishes TripCompleted, however long that takes, and records that it is out. When
 * the first tries fail, the ledger says that it is delayed, and why.
 */
export async function broadcastTrip(trip: CompletedTrip, deps: BroadcastDeps): Promise<void> {
  const { calls, ledger } = deps;
  try {
    await calls.first(steps.publish).publishTripCompleted(trip);
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    const reason = rootCause(error) ?? error.message;
    const telling = runBeside("broadcast", () =>
      ledger.broadcast({ state: "delayed", error: reason }),
    );
    await calls.after(steps.publish).publishTripCompleted(trip);
    telling.cancel();
  }
  await ledger.broadcast({ state: "published", publishedAt: new Date().toISOString() });
}

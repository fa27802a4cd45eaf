import { CancellationScope } from "@temporalio/workflow";
import type { TripRecord } from "../trip-activities.ts";
import { type TripCalls, withoutEnd } from "./trip-calls.ts";
import type { TripState } from "./trip-state.ts";

/** Dependencies of `readTripRecord`. */
export interface ReadTripRecordDeps {
  readonly tripId: string;
  readonly calls: TripCalls;
  readonly state: TripState;
}

/**
 * Reads what the registry has of the trip, by which the steps go from then on. Retried without end, and not
 * interrupted by a cancellation.
 */
export async function readTripRecord({
  tripId,
  calls,
  state,
}: ReadTripRecordDeps): Promise<TripRecord> {
  const step = "read-record";
  const record = await CancellationScope.nonCancellable(() =>
    calls.activities(step, withoutEnd).readTripRecord({ step, tripId }),
  );
  state.record = record;
  return record;
}

import type { SagaProgress } from "@fanfare/saga";
import { compensationSuffix } from "@fanfare/trip-contract";
import { type TripCalls, withoutEnd } from "./trip-calls.ts";
import type { TripRecorder } from "./trip-recorder.ts";
import type { TripState } from "./trip-state.ts";

/** Dependencies of `continueAfterReset`. */
export interface ContinueAfterResetDeps {
  readonly tripId: string;
  readonly calls: TripCalls;
  readonly recorder: TripRecorder;
  readonly state: TripState;
}

/**
 * Reads what the registry has of the trip, by which the steps go from then on: the reset workflow does not
 * wait for what happened before the reset. Clears the parked and delayed steps of the previous run, whose
 * steps are tried again.
 */
export async function continueAfterReset({
  tripId,
  calls,
  recorder,
  state,
}: ContinueAfterResetDeps): Promise<void> {
  const step = "read-record";
  const record = await calls.activities(step, withoutEnd).readTripRecord({ step, tripId });
  state.record = record;
  recorder.continueAfter(record.latestVersion);
  if (record.startedAt !== undefined) {
    state.activating = true;
    state.startedAt = record.startedAt;
  }
  if (record.compensation !== undefined) return;
  if (record.parked) await recorder.recordResumed();
  if (record.delayed) await recorder.recordDelay("");
}

/** Lists the steps and compensations that operators have resolved, by activity id. */
export function listResolved({ steps, pivoted }: SagaProgress): readonly string[] {
  return steps
    .filter(({ note }) => note !== undefined)
    .map(({ name }) => (pivoted ? name : `${name}${compensationSuffix}`));
}

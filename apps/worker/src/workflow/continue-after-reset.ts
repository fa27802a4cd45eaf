import type { SagaProgress } from "@fanfare/saga";
import { compensationSuffix } from "@fanfare/trip-contract";
import type { TripRecord } from "../trip-activities.ts";
import { type ReadTripRecordDeps, readTripRecord } from "./read-trip-record.ts";
import type { TripRecorder } from "./trip-recorder.ts";

/** Dependencies of `continueAfterReset`. */
export interface ContinueAfterResetDeps extends ReadTripRecordDeps {
  readonly recorder: TripRecorder;
}

/**
 * Reads what the registry has of the trip, by which the steps go from then on: the reset workflow does not
 * wait for what happened before the reset. Clears the parked and delayed steps of the previous run, whose
 * steps are tried again.
 */
export async function continueAfterReset(deps: ContinueAfterResetDeps): Promise<void> {
  const { recorder, state } = deps;
  const record = await readTripRecord(deps);
  recorder.continueAfter(record.latestVersion);
  if (record.startedAt !== undefined) {
    state.activating = true;
    state.startedAt = record.startedAt;
  }
  if (record.compensation === undefined) await clearRecords(record, recorder);
}

/** Clears the parked and delayed steps of the previous run or workflow. */
export async function clearRecords(record: TripRecord, recorder: TripRecorder): Promise<void> {
  if (record.parked) await recorder.recordResumed();
  if (record.delayed) await recorder.recordDelay("");
}

/** Lists the steps and compensations that operators have resolved, by activity id. */
export function listResolved({ steps, pivoted }: SagaProgress): readonly string[] {
  return steps
    .filter(({ note }) => note !== undefined)
    .map(({ name }) => (pivoted ? name : `${name}${compensationSuffix}`));
}

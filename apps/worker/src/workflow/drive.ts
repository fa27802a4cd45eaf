import { runLocalFirst, type Saga } from "@fanfare/saga";
import { steps, type TripTimings } from "@fanfare/trip-contract";
import { CancelledFailure, condition } from "@temporalio/workflow";
import { setTripAttribute } from "./set-trip-attribute.ts";
import { type TripCalls, withoutEnd } from "./trip-calls.ts";
import type { TripRecorder } from "./trip-recorder.ts";
import type { Drive, TripState } from "./trip-state.ts";

/** Dependencies of `drive`. */
export interface DriveDeps {
  readonly saga: Saga;
  readonly calls: TripCalls;
  readonly recorder: TripRecorder;
  readonly state: TripState;
  readonly timings: TripTimings;
}

/**
 * Makes the trip ACTIVE and waits until the rider ends the drive, at most for the maximum drive. After a reset
 * it goes by the record of the registry: the drive continues, has ended, or is being compensated.
 */
export async function drive({ saga, ...deps }: DriveDeps): Promise<Drive> {
  const { state, timings } = deps;
  checkCompensation(saga, state);
  const startedAt = state.record?.startedAt ?? (await activate(deps));
  setTripAttribute("status", "ACTIVE");
  const remainingMs = state.record
    ? Math.max(1, Date.parse(startedAt) + timings.maximumDriveMs - Date.now())
    : timings.maximumDriveMs;
  const inTime = await condition(() => isOver(state), remainingMs);
  if (!inTime && !(await limit(deps, startedAt))) await condition(() => isOver(state));
  checkCompensation(saga, state);
  const endRequestedAt = state.endRequestedAt ?? state.record?.endRequestedAt;
  return {
    startedAt,
    endedAt: calculateDriveEnd(startedAt, endRequestedAt, timings.maximumDriveMs),
  };
}

/** Cancels the saga when the registry has recorded its compensation. */
function checkCompensation(saga: Saga, { record }: TripState): void {
  if (record?.compensation === undefined) return;
  saga.cancel(record.compensation.reason);
  throw new CancelledFailure(record.compensation.reason);
}

function isOver({ endRequestedAt, record }: TripState): boolean {
  if (endRequestedAt !== undefined || record?.endRequestedAt !== undefined) return true;
  return record?.ended === true || record?.compensation !== undefined;
}

/** Makes the trip ACTIVE. Returns the start of the drive that the registry fixed. */
async function activate(deps: Omit<DriveDeps, "saga">): Promise<string> {
  const { calls, recorder, state, timings } = deps;
  const { stepTimeoutMs } = timings;
  state.activating = true;
  const change = recorder.nextChange(steps.drive);
  const how = { tries: "local-first", retry: { timeoutMs: stepTimeoutMs } } as const;
  const { startedAt } = await runLocalFirst(
    calls.create(steps.drive, how, (activities) => activities.activateTrip(change)),
  );
  state.startedAt = startedAt;
  return startedAt;
}

/**
 * Ends a drive that has reached its maximum. Returns false when its cancellation was recorded before: the
 * reconciler of trips delivers that.
 */
async function limit(deps: Omit<DriveDeps, "saga">, startedAt: string): Promise<boolean> {
  const { calls, recorder, timings } = deps;
  const change = recorder.nextChange("limit-drive");
  const endedAt = calculateDriveEnd(startedAt, undefined, timings.maximumDriveMs);
  const how = { tries: "local-first", retry: withoutEnd } as const;
  const { cancelRequested } = await runLocalFirst(
    calls.create(change.step, how, (activities) => activities.limitDrive({ ...change, endedAt })),
  );
  return !cancelRequested;
}

/** Returns the end of a drive: the recorded request, at the latest the end of the maximum drive. */
export function calculateDriveEnd(
  startedAt: string,
  endRequestedAt: string | undefined,
  maximumDriveMs: number,
): string {
  const latest = Date.parse(startedAt) + maximumDriveMs;
  const requested = endRequestedAt === undefined ? latest : Date.parse(endRequestedAt);
  return new Date(Math.min(requested, latest)).toISOString();
}

import { findRefusal, runLocalFirst, type Saga } from "@fanfare/saga";
import { steps, type Tariff, type TripTimings } from "@fanfare/trip-contract";
import { ActivityFailure, condition, isCancellation } from "@temporalio/workflow";
import { cancelSaga } from "./cancel-saga.ts";
import { describeCompensation } from "./describe-compensation.ts";
import { passPivot } from "./pass-pivot.ts";
import { readTripRecord } from "./read-trip-record.ts";
import { setTripAttribute } from "./set-trip-attribute.ts";
import { type TripCalls, withoutEnd } from "./trip-calls.ts";
import type { TripRecorder } from "./trip-recorder.ts";
import { type Drive, isDriveOver, type TripState } from "./trip-state.ts";

/** Dependencies of `drive`. */
export interface DriveDeps {
  readonly tripId: string;
  readonly saga: Saga;
  readonly calls: TripCalls;
  readonly recorder: TripRecorder;
  readonly state: TripState;
  readonly timings: TripTimings;
  readonly tariff: Tariff;
}

/**
 * Makes the trip ACTIVE and waits until the rider ends the drive, at most for the longest drive. Passes the
 * pivot meanwhile, when the cancellation grace is over. A workflow that was reset or interrupted goes by the
 * record of the registry: the drive continues, has ended, or is being compensated.
 */
export async function drive(deps: DriveDeps): Promise<Drive> {
  const { state, tariff } = deps;
  const startedAt = state.record?.startedAt ?? (await activate(deps));
  // The clock of the registry is another one.
  const beganAt = state.record === undefined ? Date.now() : Date.parse(startedAt);
  setTripAttribute("status", "ACTIVE");
  await passPivot(deps, beganAt);
  const remainingMs = Math.max(1, beganAt + tariff.maximumDriveMs - Date.now());
  const inTime = await condition(() => isDriveOver(state), remainingMs);
  if (!inTime) await limit(deps, startedAt);
  const endRequestedAt = state.endRequestedAt ?? state.record?.endRequestedAt;
  return {
    startedAt,
    endedAt: calculateDriveEnd(startedAt, endRequestedAt, tariff.maximumDriveMs),
  };
}

/**
 * Makes the trip ACTIVE. Returns the start of the drive that the registry fixed. A trip whose answer is lost
 * may be ACTIVE: the registry decides whether its drive continues.
 */
async function activate(deps: DriveDeps): Promise<string> {
  const { saga, calls, recorder, state, timings } = deps;
  const { stepTimeoutMs } = timings;
  const { compensation } = state.record ?? {};
  if (compensation !== undefined) cancelSaga(saga, compensation.reason);
  state.activating = true;
  const change = recorder.nextChange(steps.drive);
  const how = { tries: "local-first", retry: { timeoutMs: stepTimeoutMs } } as const;
  try {
    const { startedAt } = await runLocalFirst(
      calls.create(steps.drive, how, (activities) => activities.activateTrip(change)),
    );
    state.startedAt = startedAt;
    return startedAt;
  } catch (error) {
    if (isCancellation(error) || findRefusal(error) !== undefined) throw error;
    return await findStart(deps, error);
  }
}

/** Returns the start of a drive that has begun. Throws the failure when the registry compensates the trip. */
async function findStart(deps: DriveDeps, failure: unknown): Promise<string> {
  const { recorder, state } = deps;
  const message = failure instanceof Error ? failure.message : String(failure);
  const cause = { kind: "failed", step: steps.drive, message } as const;
  const { status: _, ...cancellation } = describeCompensation(cause);
  try {
    await recorder.recordCompensatingUnlessDriving(cancellation);
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    const { startedAt } = await readTripRecord(deps);
    if (startedAt === undefined) throw failure;
    state.startedAt = startedAt;
    return startedAt;
  }
  throw failure;
}

/** Ends a drive that has reached its maximum. */
async function limit(deps: DriveDeps, startedAt: string): Promise<void> {
  const { calls, recorder, state, tariff } = deps;
  const change = recorder.nextChange("limit-drive");
  const endedAt = calculateDriveEnd(startedAt, undefined, tariff.maximumDriveMs);
  const how = { tries: "local-first", retry: withoutEnd } as const;
  const { endRequestedAt } = await runLocalFirst(
    calls.create(change.step, how, (activities) => activities.limitDrive({ ...change, endedAt })),
  );
  if (endRequestedAt !== undefined) state.endRequestedAt ??= endRequestedAt;
}

/** Returns the end of a drive: the recorded request, at the latest the end of the longest drive. */
export function calculateDriveEnd(
  startedAt: string,
  endRequestedAt: string | undefined,
  maximumDriveMs: number,
): string {
  const latest = Date.parse(startedAt) + maximumDriveMs;
  const requested = endRequestedAt === undefined ? latest : Date.parse(endRequestedAt);
  return new Date(Math.min(requested, latest)).toISOString();
}

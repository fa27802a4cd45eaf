import { runLocalFirst } from "@fanfare/saga";
import { steps, type TripTimings } from "@fanfare/trip-contract";
import { condition } from "@temporalio/workflow";
import { setTripAttribute } from "./set-trip-attribute.ts";
import type { TripCalls } from "./trip-calls.ts";
import type { TripRecorder } from "./trip-recorder.ts";
import type { Drive, TripState } from "./trip-state.ts";

/** Dependencies of `drive`. */
export interface DriveDeps {
  readonly calls: TripCalls;
  readonly recorder: TripRecorder;
  readonly state: TripState;
  readonly timings: TripTimings;
}

/** Makes the trip ACTIVE and waits until the rider ends the drive, at most for the maximum drive. */
export async function drive({ calls, recorder, state, timings }: DriveDeps): Promise<Drive> {
  const { stepTimeoutMs, maximumDriveMs } = timings;
  state.activating = true;
  const change = recorder.nextChange(steps.drive);
  const how = { tries: "local-first", retry: { timeoutMs: stepTimeoutMs } } as const;
  const { startedAt } = await runLocalFirst(
    calls.create(steps.drive, how, (activities) => activities.activateTrip(change)),
  );
  state.startedAt = startedAt;
  setTripAttribute("status", "ACTIVE");

  await condition(() => state.endRequestedAt !== undefined, maximumDriveMs);
  return { startedAt, endedAt: calculateDriveEnd(startedAt, state.endRequestedAt, maximumDriveMs) };
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

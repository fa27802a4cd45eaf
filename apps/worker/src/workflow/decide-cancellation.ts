import type { Saga } from "@fanfare/saga";
import { type TripCalls, withoutEnd } from "./trip-calls.ts";
import type { TripRecorder } from "./trip-recorder.ts";
import { isDriveOver, type TripState } from "./trip-state.ts";

/** Dependencies of `decideCancellation`. */
export interface DecideCancellationDeps {
  readonly saga: Saga;
  readonly calls: TripCalls;
  readonly recorder: TripRecorder;
  readonly state: TripState;
}

/** The reason of a cancellation that was requested from Temporal. */
export const cancelledInTemporal = "cancelled in Temporal";

/**
 * Returns whether a cancellation that was requested from Temporal compensates the trip. From the activation on the
 * registry decides: within the grace it records the cancellation, and after it the end of the drive.
 */
export async function decideCancellation(deps: DecideCancellationDeps): Promise<boolean> {
  const { saga, calls, recorder, state } = deps;
  if (state.activating === undefined || saga.progress().cause !== undefined) return true;
  if (isDriveOver(state)) return false;
  const change = recorder.nextRecord("stop");
  const reason = cancelledInTemporal;
  const activities = calls.activities(change.step, withoutEnd);
  const { cancelled, endRequestedAt } = await activities.stopTrip({ ...change, reason });
  if (endRequestedAt !== undefined) state.endRequestedAt ??= endRequestedAt;
  return cancelled;
}

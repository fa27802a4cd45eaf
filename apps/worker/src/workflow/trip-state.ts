import type { Amount, CompensationResult, CompletedDrive } from "@fanfare/trip-contract";
import type { TripRecord } from "../trip-activities.ts";

/** The state of a trip's workflow that its updates read. */
export interface TripState {
  /** Set while the registry decides how a recovered trip is finished. */
  recovering?: true;
  /** Set once the registry is asked to make the trip ACTIVE. It may already be. */
  activating?: true;
  /** When the drive began. Set once the trip is ACTIVE in the registry. */
  startedAt?: string;
  /** When the registry recorded the request to end the drive. */
  endRequestedAt?: string;
  /** Set once the trip is ENDED in the registry. */
  completedDrive?: CompletedDrive;
  /** The captured amount. Set once the trip is SETTLED in the registry. */
  settled?: Amount;
  /** Set once the trip is CANCELLED, or NEEDS_ATTENTION with a parked compensation. */
  compensated?: CompensationResult;
  /** What the registry had of the trip when the workflow was reset, or recovered it. Set only then. */
  record?: TripRecord;
}

/** Returns whether the end of the drive was requested or is fixed, or the trip is being compensated. */
export function isDriveOver({ endRequestedAt, completedDrive, record }: TripState): boolean {
  if (endRequestedAt !== undefined || completedDrive !== undefined) return true;
  if (record?.endRequestedAt !== undefined || record?.ended === true) return true;
  return record?.compensation !== undefined;
}

/** The time of a drive. */
export interface Drive {
  readonly startedAt: string;
  readonly endedAt: string;
}

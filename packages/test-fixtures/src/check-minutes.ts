import { calculateFare, defaultTimings } from "@fanfare/trip-contract";

/** What a trip was charged for. Durations are in milliseconds, amounts in minor units. */
export interface DriveAccount {
  readonly tripId: string;
  /** The length of the drive. Null until it has ended. */
  readonly driveMs: number | null;
  /** The time between the start and the recorded request to end the drive. */
  readonly requestedMs: number | null;
  /** The price of the drive. Null until it has ended. */
  readonly fare: number | null;
}

/**
 * Checks the invariant M: a rider pays for the minutes between the start and the recorded request to end
 * the drive, no more. Throws when an ended trip was charged for anything else.
 */
export function checkMinutes({ tripId, driveMs, requestedMs, fare }: DriveAccount): void {
  if (driveMs === null) return;
  const owedMs = Math.min(requestedMs ?? driveMs, defaultTimings.maximumDriveMs);
  const owed = calculateFare(owedMs).minorUnits;
  if (driveMs === owedMs && fare === owed) return;
  throw new Error(
    `expected trip ${tripId} to be charged ${owed} for ${owedMs} ms, got ${fare} for ${driveMs} ms`,
  );
}

import { type Amount, calculateFare, defaultTimings } from "@fanfare/trip-contract";

/** The beginning and the end of a drive. */
export interface DriveTimes {
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** Returns the price of a drive without the unlock fee: the tariff for each started minute. */
export function calculateDriveFare({ startedAt, endedAt }: DriveTimes): Amount {
  return calculateFare(endedAt.getTime() - startedAt.getTime());
}

/**
 * Returns the end of a drive: never before its start, and never after the longest drive, for which the
 * payment method was authorised.
 */
export function limitDriveEnd({ startedAt, endedAt }: DriveTimes): Date {
  const driveMs = endedAt.getTime() - startedAt.getTime();
  const limitedMs = Math.max(0, Math.min(driveMs, defaultTimings.maximumDriveMs));
  return new Date(startedAt.getTime() + limitedMs);
}

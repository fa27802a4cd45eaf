import { type Amount, calculateFare, defaultTimings } from "@fanfare/trip-contract";

/** DriveTimes are when a drive began and ended. */
export interface DriveTimes {
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/**
 * fareOfDrive is what a drive costs beside the unlock fee: the tariff for each minute begun, up to
 * the longest drive, which is what the rider's payment method was authorised for. A drive that ends
 * before it began (clocks differ) costs nothing.
 */
export function fareOfDrive({ startedAt, endedAt }: DriveTimes): Amount {
  const driveMs = endedAt.getTime() - startedAt.getTime();
  return calculateFare(Math.min(driveMs, defaultTimings.maximumDriveMs));
}

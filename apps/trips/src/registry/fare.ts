import { type Amount, calculateFare, defaultTimings } from "@fanfare/trip-contract";

/** The beginning and the end of a drive. */
export interface DriveTimes {
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/**
 * Returns the price of a drive without the unlock fee: the tariff for each started minute, up to the
 * longest drive, for which the payment method was authorised. Returns zero for a drive that ends before
 * it begins, which clocks that differ can cause.
 */
export function calculateDriveFare({ startedAt, endedAt }: DriveTimes): Amount {
  const driveMs = endedAt.getTime() - startedAt.getTime();
  return calculateFare(Math.min(driveMs, defaultTimings.maximumDriveMs));
}

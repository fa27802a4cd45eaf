import { type Amount, launchTariff, priceDrive, type Tariff } from "@fanfare/trip-contract";
import type { TripRow } from "./tables.ts";

/** The beginning and the end of a drive. */
export interface DriveTimes {
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** Returns the tariff of a trip, whichever is in force now. */
export function getTariff({ tariff }: Pick<TripRow, "tariff">): Tariff {
  return tariff ?? launchTariff;
}

/** Returns the price of a drive without the unlock fee, for each started increment. */
export function calculateDriveFare(tariff: Tariff, { startedAt, endedAt }: DriveTimes): Amount {
  return priceDrive(tariff, endedAt.getTime() - startedAt.getTime());
}

/**
 * Returns the end of a drive: never before its start, and never after the longest drive, for which the
 * payment method was authorised.
 */
export function limitDriveEnd(tariff: Tariff, { startedAt, endedAt }: DriveTimes): Date {
  const driveMs = endedAt.getTime() - startedAt.getTime();
  const limitedMs = Math.max(0, Math.min(driveMs, tariff.maximumDriveMs));
  return new Date(startedAt.getTime() + limitedMs);
}

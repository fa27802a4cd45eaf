import type { Amount } from "./money.ts";

/**
 * The prices and limits of a trip. A trip has a snapshot of the tariff that was in force when it was
 * requested. Prices are in minor units of `currency`, durations in milliseconds.
 */
export interface Tariff {
  readonly id: string;
  /** An ISO 4217 code, such as EUR. */
  readonly currency: string;
  /** Charged once for each trip. */
  readonly unlockFee: number;
  /** Charged for each started increment of the drive. */
  readonly incrementPrice: number;
  readonly incrementMs: number;
  /** The longest drive. It also limits what a trip can cost. */
  readonly maximumDriveMs: number;
  /** How long after its start a trip may be cancelled, which costs nothing. */
  readonly graceMs: number;
}

/** The first tariff: EUR 1.00, and 0.30 for each started minute. That of a trip without a snapshot. */
export const launchTariff: Tariff = {
  id: "launch",
  currency: "EUR",
  unlockFee: 100,
  incrementPrice: 30,
  incrementMs: 60_000,
  maximumDriveMs: 8 * 60 * 60_000,
  graceMs: 2 * 60_000,
};

/**
 * Returns the price of a drive under a tariff, without the unlock fee.
 *
 * @example
 * ```ts
 * priceDrive(launchTariff, 61_000); // { minorUnits: 60, currency: "EUR" }
 * ```
 */
export function priceDrive(tariff: Tariff, driveMs: number): Amount {
  const { currency, incrementPrice } = tariff;
  return { minorUnits: countIncrements(tariff, driveMs) * incrementPrice, currency };
}

/**
 * Returns the number of started increments of a drive, each of which is charged.
 *
 * @example
 * ```ts
 * countIncrements(launchTariff, 61_000); // 2
 * ```
 */
export function countIncrements({ incrementMs }: Tariff, driveMs: number): number {
  return Math.ceil(Math.max(0, driveMs) / incrementMs);
}

/**
 * Returns the most that a trip can cost under a tariff: the unlock fee and the longest drive.
 *
 * @example
 * ```ts
 * priceLongestTrip(launchTariff); // { minorUnits: 14_500, currency: "EUR" }
 * ```
 */
export function priceLongestTrip(tariff: Tariff): Amount {
  const { minorUnits, currency } = priceDrive(tariff, tariff.maximumDriveMs);
  return { minorUnits: tariff.unlockFee + minorUnits, currency };
}

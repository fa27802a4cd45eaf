/** An amount of money as plain JSON. */
export interface Amount {
  /** A safe integer, in the minor unit of the currency, such as cents. */
  readonly minorUnits: number;
  /** An ISO 4217 code, such as EUR. */
  readonly currency: string;
}

/** The price of unlocking a vehicle, charged once for each trip. */
export const unlockFee: Amount = { minorUnits: 100, currency: "EUR" };

/**
 * Returns the price of a drive of `driveMs` milliseconds, without the unlock fee: EUR 0.30 for each
 * started minute.
 *
 * @example
 * ```ts
 * calculateFare(61_000); // { minorUnits: 60, currency: "EUR" }
 * ```
 */
export function calculateFare(driveMs: number): Amount {
  return { minorUnits: Math.ceil(Math.max(0, driveMs) / 60_000) * 30, currency: "EUR" };
}

/** What a trip was charged for. Durations are in milliseconds, amounts in minor units. */
export interface DriveAccount {
  readonly tripId: string;
  /** The length of the drive. Null until it has ended. */
  readonly driveMs: number | null;
  /** The time between the start and the recorded request to end the drive. */
  readonly requestedMs: number | null;
  /** The price of the drive. Null until it has ended. */
  readonly fare: number | null;
  /** The tariff that the trip was requested under. Null in trips of older versions: EUR 0.30 a minute. */
  readonly tariff: DriveTariff | null;
}

/** When a trip was cancelled. Durations are in milliseconds. */
export interface CancelAccount extends DriveAccount {
  /** The status in the registry. */
  readonly status: string;
  /** Whether the drive had begun. */
  readonly started: boolean;
  /** The time between the start and the recorded cancellation. */
  readonly cancelledMs: number | null;
}

/** The prices and limits of a trip, as the registry stores them with it. */
export interface DriveTariff {
  readonly unlockFee: number;
  readonly incrementPrice: number;
  readonly incrementMs: number;
  readonly maximumDriveMs: number;
  readonly graceMs: number;
}

const launch: DriveTariff = {
  unlockFee: 100,
  incrementPrice: 30,
  incrementMs: 60_000,
  maximumDriveMs: 28_800_000,
  graceMs: 120_000,
};

/**
 * Checks the invariant M: a rider pays for the increments of the trip's tariff between the start and the
 * recorded request to end the drive, no more. Throws when an ended trip was charged for anything else. Shares
 * no code with what it checks.
 */
export function checkMinutes({ tripId, driveMs, requestedMs, fare, tariff }: DriveAccount): void {
  if (driveMs === null) return;
  const { incrementPrice, incrementMs, maximumDriveMs } = tariff ?? launch;
  const owedMs = Math.min(requestedMs ?? driveMs, maximumDriveMs);
  const whole = (owedMs - (owedMs % incrementMs)) / incrementMs;
  const owed = (owedMs % incrementMs === 0 ? whole : whole + 1) * incrementPrice;
  if (driveMs === owedMs && fare === owed) return;
  throw new Error(
    `expected trip ${tripId} to be charged ${owed} for ${owedMs} ms, got ${fare} for ${driveMs} ms`,
  );
}

/**
 * Checks that a drive is compensated if and only if its cancellation was recorded within the grace of the trip's
 * tariff. Throws otherwise.
 */
export function checkGrace({ tripId, status, started, cancelledMs, tariff }: CancelAccount): void {
  const { graceMs } = tariff ?? launch;
  const inGrace = cancelledMs !== null && cancelledMs < graceMs;
  const isRight = cancelledMs === null || inGrace;
  const isCompensated = started && status === "CANCELLED";
  const isPaid = status === "ENDED" || status === "SETTLED";
  if (isRight && !(isCompensated && !inGrace) && !(isPaid && inGrace)) return;
  throw new Error(
    `expected a drive to be compensated when it is cancelled within ${graceMs} ms, got trip ${tripId}, ${status} and cancelled after ${cancelledMs} ms`,
  );
}

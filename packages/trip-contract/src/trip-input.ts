import type { Tariff } from "./tariff.ts";
import type { TripTimings } from "./timings.ts";

/** The input of the trip workflow. */
export interface TripInput {
  readonly tripId: string;
  readonly riderId: string;
  readonly vehicleId: string;
  readonly paymentMethod: string;
  /** When StartTrip was called. */
  readonly requestedAt: string;
  /** The tariff in force at that time. Absent in inputs of older versions: `launchTariff`. */
  readonly tariff?: Tariff;
  /** Replaces single timings, for example in a test. Default: `defaultTimings`. */
  readonly timings?: Partial<TripTimings>;
  /** Set when the previous workflow of this trip ended without finishing the trip. */
  readonly recovery?: RecoveryInput;
}

/**
 * The state in which a previous workflow left its trip: it was terminated, timed out, failed or was
 * deleted. The registry decides whether the new workflow compensates or resumes the trip.
 */
export interface RecoveryInput {
  /** Why the trip is compensated, if it is and the registry has no reason yet. */
  readonly reason: string;
  /** The new workflow numbers its changes of the registry above this, and above those of its predecessors. */
  readonly versionFloor: number;
}

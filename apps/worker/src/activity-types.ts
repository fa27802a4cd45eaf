import type { Amount, CompletedDrive, Refusal } from "@fanfare/trip-contract";

/**
 * What the workflow asks of its activities, in plain JSON. Every call names the `step` that it is
 * made for, or that it compensates: with the workflow id in front that is its idempotency-key.
 *
 * A business refusal rejects with a non-retryable ApplicationFailure whose type is the Connect code's
 * name and whose message is the service's; everything else is retried.
 */
export interface Activities
  extends FleetActivities,
    BillingActivities,
    RegistryActivities,
    PublishActivities {}

export interface TripCall {
  readonly step: string;
  readonly tripId: string;
}

export interface FleetActivities {
  reserveVehicle(call: VehicleCall): Promise<void>;
  releaseVehicle(call: VehicleCall): Promise<void>;
}

export interface VehicleCall extends TripCall {
  readonly vehicleId: string;
}

export interface BillingActivities {
  openTab(call: OpenTabCall): Promise<void>;
  voidTab(call: TripCall): Promise<void>;
  charge(call: ChargeCall): Promise<void>;
  refund(call: TripCall): Promise<void>;
  /** captureTab answers what was captured. */
  captureTab(call: TripCall): Promise<Amount>;
}

export interface OpenTabCall extends TripCall {
  readonly riderId: string;
  readonly paymentMethod: string;
  /** The most that the trip can cost. */
  readonly limit: Amount;
}

export interface ChargeCall extends TripCall {
  readonly description: string;
  readonly amount: Amount;
}

export interface RegistryActivities {
  acceptTrip(call: RegistryCall): Promise<void>;
  /** activateTrip answers the beginning that the registry fixed; nothing in the oldest histories. */
  activateTrip(
    call: RegistryCall & { readonly startedAt: string },
  ): Promise<{ readonly startedAt: string } | undefined>;
  /** completeDrive answers the end and the fare that the registry fixed. */
  completeDrive(call: RegistryCall & { readonly endedAt: string }): Promise<CompletedDrive>;
  settleTrip(call: RegistryCall & { readonly settled: Amount }): Promise<void>;
  compensateTrip(call: RegistryCall & { readonly reason: string }): Promise<void>;
  cancelTripRecord(
    call: RegistryCall & { readonly reason: string; readonly refusal?: Refusal },
  ): Promise<void>;
  parkTrip(
    call: RegistryCall & { readonly parkedStep: string; readonly reason: string },
  ): Promise<void>;
  /** resumeTrip: what was parked after the pivot is taken up again. */
  resumeTrip(call: RegistryCall): Promise<void>;
  /** recordDelay: an empty `delayedStep` says that none is delayed any more. */
  recordDelay(call: RegistryCall & { readonly delayedStep: string }): Promise<void>;
  recordBroadcast(call: RegistryCall & { readonly broadcast: BroadcastState }): Promise<void>;
}

/** RegistryCall carries the version of the change: a late copy of it changes nothing. */
export interface RegistryCall extends TripCall {
  readonly version: number;
}

export type BroadcastState =
  | { readonly state: "published"; readonly publishedAt: string }
  | { readonly state: "delayed"; readonly error: string };

/** The type of a failure that is retried, but does not pass by itself: somebody has to mend something. */
export const lastingFailure = "lasting";

export interface PublishActivities {
  /**
   * publishTripCompleted resolves once the broker has stored it. It never says no for good: every
   * failure is retryable, a `lastingFailure` after a minute.
   */
  publishTripCompleted(trip: CompletedTrip): Promise<void>;
}

export interface CompletedTrip {
  readonly tripId: string;
  readonly riderId: string;
  readonly vehicleId: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly unlockFee: Amount;
  readonly fare: Amount;
  /** What was captured. */
  readonly settled: Amount;
}

import type { Amount, CompletedDrive, Refusal, Tariff } from "@fanfare/trip-contract";

/**
 * The activities that the trip workflow calls. Arguments and results are plain JSON.
 *
 * A business refusal rejects with a non-retryable ApplicationFailure: its type is the name of the
 * Connect code, its message that of the service. All other failures are retryable.
 */
export interface TripActivities
  extends FleetActivities,
    ReturnActivities,
    BillingActivities,
    RegistryActivities,
    PublishActivities {}

/** A call for a step or for its compensation. Its idempotency key is `<workflow id>/<step>`. */
export interface TripCall {
  readonly step: string;
  readonly tripId: string;
  /** The run with which the workflow began. The activities after a reset belong to another run. */
  readonly firstRunId?: string;
}

/** The type of the failure of a call that is not made, because an operator has resolved its step. */
export const resolvedFailureType = "resolved";

/** The activities that call fleet. */
export interface FleetActivities {
  reserveVehicle(call: VehicleCall): Promise<void>;
  releaseVehicle(call: VehicleCall): Promise<void>;
}

/** The activity that ends the use of a vehicle. It calls fleet and the registry. */
export interface ReturnActivities {
  /** Releases the vehicle of an ended trip, and records that in the registry. */
  returnVehicle(call: VehicleCall): Promise<void>;
}

/** A call that concerns a vehicle. */
export interface VehicleCall extends TripCall {
  readonly vehicleId: string;
}

/** The activities that call billing. */
export interface BillingActivities {
  openTab(call: OpenTabCall): Promise<void>;
  voidTab(call: TripCall): Promise<void>;
  charge(call: ChargeCall): Promise<void>;
  refund(call: TripCall): Promise<void>;
  /** Returns the captured amount. */
  captureTab(call: TripCall): Promise<Amount>;
  /**
   * Voids a tab whose capture an operator resolved, so that no late copy of the capture takes anything.
   * Returns the amount that was captured after all. Every failure is retryable.
   */
  releaseTab(call: TripCall): Promise<{ readonly captured?: Amount }>;
}

/** A call that opens the tab of a trip. */
export interface OpenTabCall extends TripCall {
  readonly riderId: string;
  readonly paymentMethod: string;
  /** The most that the trip can cost. */
  readonly limit: Amount;
}

/** A call that adds a charge to the tab of a trip. */
export interface ChargeCall extends TripCall {
  readonly description: string;
  readonly amount: Amount;
}

/** The activities that change the trip in the registry of trips. */
export interface RegistryActivities {
  readTripRecord(call: TripCall): Promise<TripRecord>;
  acceptTrip(change: RegistryChange): Promise<void>;
  /** Returns the start of the drive that the registry fixed. */
  activateTrip(change: RegistryChange): Promise<{ readonly startedAt: string }>;
  /** Returns whether the trip is past its pivot. The registry then refuses each cancellation. */
  endGrace(change: RegistryChange): Promise<GraceDecision>;
  /**
   * Stops a trip whose workflow is cancelled. Returns whether the registry has it as cancelled; otherwise its
   * drive has ended.
   */
  stopTrip(
    change: RegistryChange & { readonly reason: string },
  ): Promise<{ readonly cancelled: boolean; readonly endRequestedAt?: string }>;
  /** Ends a drive that has reached its maximum, unless its end was requested. Returns the recorded end. */
  limitDrive(
    change: RegistryChange & { readonly endedAt: string },
  ): Promise<{ readonly endRequestedAt?: string }>;
  /** Returns the end of the drive and the fare that the registry fixed. */
  completeDrive(change: RegistryChange & { readonly endedAt: string }): Promise<CompletedDrive>;
  settleTrip(change: RegistryChange & { readonly settled: Amount }): Promise<void>;
  /** Records that the compensation has begun. `unlessDriving` makes the registry decide: see `planRecovery`. */
  compensateTrip(
    change: RegistryChange & Cancellation & Resolved & { readonly unlessDriving?: boolean },
  ): Promise<void>;
  /** Records that nothing of the trip is left. */
  cancelTripRecord(change: RegistryChange & Cancellation & Resolved): Promise<void>;
  parkTrip(
    change: RegistryChange & Resolved & { readonly parkedStep: string; readonly reason: string },
  ): Promise<void>;
  /** Records that a step after the pivot is no longer parked. */
  resumeTrip(change: RegistryChange & Resolved): Promise<void>;
  /** Records the delayed step. An empty `delayedStep` records that none is delayed. */
  recordDelay(change: RegistryChange & { readonly delayedStep: string }): Promise<void>;
  recordBroadcast(change: RegistryChange & { readonly broadcast: BroadcastState }): Promise<void>;
}

/** Whether a trip is past its pivot: it is, its grace is not over, or it was cancelled within its grace. */
export type GraceDecision =
  | { readonly kind: "over" }
  | { readonly kind: "left"; readonly remainingMs: number }
  | { readonly kind: "cancelled"; readonly reason: string };

/** A numbered change. The registry ignores late copies by their version. */
export interface RegistryChange extends TripCall {
  readonly version: number;
}

/** Why a trip is compensated. */
export interface Cancellation {
  readonly reason: string;
  /** Absent when the rider or an operator cancelled the trip. */
  readonly refusal?: Refusal;
}

/** The steps and compensations, by activity id, that operators have resolved so far. */
export interface Resolved {
  readonly resolvedSteps: readonly string[];
}

/** What the registry has of a trip. */
export interface TripRecord extends Resolved {
  /** The highest number of a change. */
  readonly latestVersion: number;
  /** When the drive began. */
  readonly startedAt?: string;
  /** When the rider asked to end the drive. */
  readonly endRequestedAt?: string;
  /** True when the end of the drive is fixed. */
  readonly ended: boolean;
  /** The captured amount. Set once the trip is SETTLED. */
  readonly settled?: Amount;
  /** True when TripCompleted is published. */
  readonly published: boolean;
  /** True when a step is recorded as parked. */
  readonly parked: boolean;
  /** True when a step is recorded as delayed. */
  readonly delayed: boolean;
  /** Set once the trip is being compensated. */
  readonly compensation?: Cancellation;
}

/** The state of the publication of TripCompleted. */
export type BroadcastState =
  | { readonly state: "published"; readonly publishedAt: string }
  | { readonly state: "delayed"; readonly error: string };

/** The activity that publishes events. */
export interface PublishActivities {
  /**
   * Publishes TripCompleted and resolves once the broker has stored it. Every failure is retryable;
   * one that needs an operator has the type `persistentFailureType` and is retried after a minute.
   */
  publishTripCompleted(trip: CompletedTrip): Promise<void>;
}

/** The type of a retryable failure that lasts until an operator fixes its cause. */
export const persistentFailureType = "persistent";

/** The content of TripCompleted. */
export interface CompletedTrip {
  readonly tripId: string;
  readonly riderId: string;
  readonly vehicleId: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly tariffId: string;
  /** Absent in calls of workflows that began before it was passed. */
  readonly tariff?: Tariff;
  readonly unlockFee: Amount;
  readonly fare: Amount;
  /** The captured amount. */
  readonly settled: Amount;
}

import type { OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import type { EntryKey, NewLogEntry } from "../operators/operator-log.ts";
import type { OperatorLogRow, TripRow, TripStatusName } from "./tables.ts";
import type { Transition } from "./transitions.ts";

/** The record of every trip: its current state and each of its changes. */
export interface TripRegistry {
  /**
   * Inserts a trip as REQUESTED, with the tariff in force, or returns the trip that has this id. Throws
   * already_exists when that trip was requested by another rider or with other contents, and
   * failed_precondition when the rider has an active trip, or another tariff than the requested one is in force.
   */
  request(request: TripRequest): Promise<TripRow>;
  /** Returns the trip, or undefined when there is none with this id. */
  find(tripId: string): Promise<TripRow | undefined>;
  /** Returns trips, the newest first. */
  list(query: TripQuery): Promise<TripRow[]>;
  /**
   * Applies a transition and returns the trip after it, unchanged when the trip is past the
   * transition. Throws not_found when there is no such trip, and what the transition throws.
   */
  record(tripId: string, transition: Transition): Promise<TripRow>;
  /**
   * Applies a transition that an operator decided as `record` does, and appends the decision to the operator
   * log in the same transaction, with the trip before and after it. Appends nothing when the trip is past the transition, and applies nothing
   * when the log has the decision. A decision on parked steps is pending until `closeDecision`.
   */
  decide(tripId: string, transition: Transition, entry: NewLogEntry): Promise<TripRow>;
  /**
   * Records that the vehicle of an ended trip is released. Nobody is shown it, so the trip keeps its version.
   * Throws not_found when there is no such trip.
   */
  recordVehicleReleased(tripId: string): Promise<void>;
  /** Returns the decision that an earlier call with this key appended to the operator log. */
  findDecision(key: EntryKey): Promise<OperatorLogRow | undefined>;
  /**
   * Claims up to `limit` pending decisions that are due to be delivered to their workflow. Each claim doubles
   * the time until the next one, from 1 s to 10 s.
   */
  claimDecisions(limit: number): Promise<OperatorLogRow[]>;
  /** Records that a decision is delivered, or never will be. */
  closeDecision(entryId: string): Promise<void>;
  /** Returns the trips after each change that follows the given versions, in order for each trip. */
  changesSince(versions: readonly TripVersion[]): Promise<OperatorTrip[]>;
  /**
   * Claims up to `limit` REQUESTED trips whose workflow is overdue. No other process claims them for
   * `leaseDurationMs`; afterwards they are overdue again unless they were accepted.
   */
  claimUnstarted(options: ClaimOptions): Promise<TripRow[]>;
  /**
   * Claims up to `limit` trips that a workflow accepted and has not finished, to check that the
   * workflow exists. No other process claims them for `leaseDurationMs`. A trip is not claimed before
   * its workflow would be overdue.
   */
  claimOpen(options: ClaimOptions): Promise<TripRow[]>;
  /**
   * Claims up to `limit` trips whose stop request is due to be delivered to their workflow. Each claim
   * doubles the time until the next one, from 1 s to 10 s.
   */
  claimStopping(limit: number): Promise<TripRow[]>;
}

/** A trip as StartTrip requests it. */
export interface TripRequest {
  readonly tripId: string;
  readonly riderId: string;
  readonly vehicleId: string;
  readonly paymentMethod: string;
  /** The tariff that the rider agreed to; empty for the one in force. */
  readonly tariffId: string;
  /** Identifies the contents of the request and its rider. */
  readonly requestHash: string;
  /** The time in milliseconds after which the reconciler starts the trip's workflow. */
  readonly reconcileAfterMs: number;
}

/** Which trips to list. */
export interface TripQuery {
  /** Only trips of this rider. Default: all. */
  readonly riderId?: string | undefined;
  /** Only trips with this status. Default: all. */
  readonly status?: TripStatusName | undefined;
  /** Only trips that follow this position. Default: from the newest. */
  readonly after?: TripPosition | undefined;
  readonly limit: number;
}

/** A position in the list of trips. */
export interface TripPosition {
  readonly requestedAt: Date;
  readonly tripId: string;
}

/** A trip at one of its versions. */
export interface TripVersion {
  readonly tripId: string;
  readonly version: bigint;
}

/** How many trips to claim, and for how long. */
export interface ClaimOptions {
  readonly limit: number;
  readonly leaseDurationMs: number;
}

import type { Amount } from "./money.ts";

/** The result of the trip workflow. */
export type TripOutcome =
  | { readonly status: "SETTLED"; readonly settled: Amount }
  | { readonly status: "CANCELLED"; readonly reason: string; readonly refusal?: Refusal };

/**
 * A compensated trip: CANCELLED when nothing of it is left, NEEDS_ATTENTION while a compensation is
 * parked. The refusal is absent when the rider or an operator cancelled the trip.
 */
export interface CompensationResult {
  readonly status: "CANCELLED" | "NEEDS_ATTENTION";
  readonly reason: string;
  readonly refusal?: Refusal;
}

/**
 * The refusal of a step. A step that did not succeed within its timeout counts as refused with the code
 * `aborted`, because another trip may succeed.
 */
export interface Refusal {
  /** The name of a Connect code, such as `failed_precondition`. */
  readonly code: string;
  /** The message of the service that refused. */
  readonly message: string;
  readonly step: string;
}

/** The end of a drive and its fare, fixed by the registry. */
export interface CompletedDrive {
  readonly endedAt: string;
  /** The price of the drive, without the unlock fee. */
  readonly fare: Amount;
}

/**
 * What the trip workflow agrees on with whoever starts, asks or tells it. Types and constants only,
 * plain JSON throughout: times are ISO 8601 strings, amounts safe integers in minor units. Recorded
 * histories depend on it.
 */

export type { SagaProgress, StepProgress } from "@fanfare/saga";
export { steps } from "./steps.ts";

export const taskQueue = "trips";
export const tripWorkflowType = "trip";

/** tripWorkflowId is the workflow id of a trip, and the beginning of every idempotency-key. */
export function tripWorkflowId(tripId: string): string {
  return `trip/${tripId}`;
}

export interface TripInput {
  readonly tripId: string;
  readonly riderId: string;
  readonly vehicleId: string;
  readonly paymentMethod: string;
  /** When StartTrip was called. */
  readonly requestedAt: string;
  /** Only where the usual timings are too long, such as in a test. */
  readonly timings?: Partial<TripTimings>;
  /** Only where a run before this one is over without its end. */
  readonly recovery?: Recovery;
}

/**
 * Recovery is what a trip is started again with whose workflow was terminated, timed out, failed or was
 * deleted: before the pivot to be compensated, from the pivot on to be settled. Which of the two, the registry says.
 */
export interface Recovery {
  /** Why the trip is compensated, if it is. */
  readonly reason: string;
  /** The changes of the registry are numbered from here, above all that the former run may have made. */
  readonly versionsAbove: number;
  /** When the drive began; absent when it had not. */
  readonly startedAt?: string;
  /** True when the registry says that the broadcast is out. */
  readonly published?: boolean;
}

/** TripTimings are how long a trip's workflow waits for what, in milliseconds. */
export interface TripTimings {
  /** The longest drive, which also bounds what a trip can cost. */
  readonly maximumDriveMs: number;
  /** How long a step before the pivot is retried until the trip is compensated. */
  readonly stepTimeoutMs: number;
  /** How long a compensation is retried until it is parked. */
  readonly compensationTimeoutMs: number;
  /** How long a step from the pivot on may take until it is called delayed. */
  readonly delayedAfterMs: number;
  /** How long the broadcast may take until it is called delayed. */
  readonly broadcastDelayedAfterMs: number;
}

export const defaultTimings: TripTimings = {
  maximumDriveMs: 8 * 60 * 60 * 1000,
  stepTimeoutMs: 30_000,
  compensationTimeoutMs: 120_000,
  delayedAfterMs: 5_000,
  broadcastDelayedAfterMs: 3_000,
};

export interface Amount {
  readonly minorUnits: number;
  readonly currency: string;
}

export const unlockFee: Amount = { minorUnits: 100, currency: "EUR" };

/** calculateFare is what a drive costs beside the unlock fee: 0.30 EUR for each minute begun. */
export function calculateFare(driveMs: number): Amount {
  return { minorUnits: Math.ceil(Math.max(0, driveMs) / 60_000) * 30, currency: "EUR" };
}

/**
 * Refusal is an answer of no: a Connect code by its name and the sentence that came with it. A step
 * that did not succeed by its deadline is refused as `aborted`: another trip may succeed.
 */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly step: string;
}

/** Update names. Each has one fixed update id, its name, so that equal calls join. */
export const updates = { start: "start", end: "end", cancel: "cancel" } as const;

/** StartOutcome is what the update `start` answers: the trip is ACTIVE, or it was compensated. */
export type StartOutcome =
  | { readonly status: "ACTIVE"; readonly startedAt: string }
  | CompensationOutcome;

/** Compensated: a refusal is absent when the rider or an operator cancelled. */
export interface CompensationOutcome {
  readonly status: "CANCELLED" | "NEEDS_ATTENTION";
  readonly reason: string;
  readonly refusal?: Refusal;
}

/** EndOutcome is what the update `end` answers once the trip is ENDED. */
export interface EndOutcome {
  readonly endedAt: string;
  readonly fare: Amount;
}

export interface CancelArgument {
  readonly reason: string;
}

/** CancelOutcome is what the update `cancel` answers once everything is compensated, or parked. */
export type CancelOutcome = CompensationOutcome;

/** TripOutcome is what the workflow returns. */
export type TripOutcome =
  | { readonly status: "SETTLED"; readonly settled: Amount }
  | { readonly status: "CANCELLED"; readonly reason: string; readonly refusal?: Refusal };

/** Updates of an operator, for a trip that is parked. An update id of one's own for each decision. */
export const operatorUpdates = { retry: "retry", resolve: "resolve" } as const;

/** RetryArgument: `step` chooses among several that are parked; without it all are retried. */
export interface RetryArgument {
  readonly step?: string;
}

/** ResolveArgument says what was done by hand in the place of what is parked. */
export interface ResolveArgument {
  readonly note: string;
  readonly step?: string;
}

/**
 * The activity id of what a step runs is the step's name, that of its compensation `<step>:compensate`: so that
 * pending activities (attempts, last error) can be joined to the progress.
 */
export const compensationSuffix = ":compensate";

/**
 * The error type of an update that the workflow's validator refuses: an ApplicationFailure whose
 * message says why, such as a cancellation of a trip that has ended.
 */
export const refusedUpdate = "RefusedUpdate";

/** The error type of an update that is refused only for now: whoever asks again in a moment is heard. */
export const earlyUpdate = "EarlyUpdate";

/** The query that tells how far the trip is: a SagaProgress of @fanfare/saga, as JSON. */
export const progressQuery = "progress";

/** Search attributes, all of type Keyword. */
export const searchAttributes = {
  /** The registry's status of the trip, such as ACTIVE. */
  status: "TripStatus",
  /** The step that waits for an operator; unset when none does. */
  attention: "TripAttention",
  /** The step that is delayed, `publish` for the broadcast; unset when none is. */
  delayed: "TripDelayed",
} as const;
